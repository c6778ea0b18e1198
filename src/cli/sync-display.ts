import type { SyncProgress } from '../p2p/blocks/sync-progress.ts';
import { t } from './text/texts.ts';
import { displayWidth, truncate } from './text/width.ts';

/** Longest progress bar, in characters. */
const MAX_BAR_CELLS = 24;
/** Shortest progress bar, in characters; with less room it is omitted. */
const MIN_BAR_CELLS = 8;

/** Formats the progress of a sync in at most `width` columns: a bar, counts, rate and time left. Empty when done. */
export function syncLine(progress: SyncProgress, width: number): string {
  const { blocks, headers, presyncedHeaders, blocksPerSecond, secondsLeft, done } = progress;
  if (done) return '';
  if (headers <= blocks) {
    if (presyncedHeaders === undefined) return '';
    return truncate(t`Pre-syncing headers: ${count(presyncedHeaders)}`, width);
  }
  const part = blocks / headers;
  const numbers = t`${Math.floor(part * 100)}%  ${count(blocks)} of ${count(headers)} blocks`;
  const left = secondsLeft === undefined ? '' : `  ${t`${duration(secondsLeft)} left`}`;
  const text = `${numbers}  ${t`${count(Math.round(blocksPerSecond))} blocks/s`}${left}`;
  const cells = Math.min(MAX_BAR_CELLS, width - displayWidth(text) - 1);
  if (cells >= MIN_BAR_CELLS) return `${bar(part, cells)} ${text}`;
  return displayWidth(text) <= width ? text : truncate(numbers, width);
}

function bar(part: number, cells: number): string {
  const filled = Math.floor(part * cells);
  return '█'.repeat(filled) + '░'.repeat(cells - filled);
}

/** Formats seconds in at most two units, such as `1 h 1 min`. */
export function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return t`${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return t`${minutes} min ${whole % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return t`${hours} h ${minutes % 60} min`;
  return t`${Math.floor(hours / 24)} days ${hours % 24} h`;
}

function count(value: number): string {
  return value.toLocaleString('en');
}
