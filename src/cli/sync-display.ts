import type { SyncProgress } from '../p2p/blocks/sync-progress.ts';

/** Longest progress bar, in characters. */
const MAX_BAR_CELLS = 24;
/** Shortest progress bar, in characters; with less room it is omitted. */
const MIN_BAR_CELLS = 8;

/** Formats the progress of a sync in at most `width` characters: a bar, counts, rate and time left. Empty when done. */
export function syncLine(progress: SyncProgress, width: number): string {
  const { blocks, headers, presyncedHeaders, blocksPerSecond, secondsLeft, done } = progress;
  if (done) return '';
  if (headers <= blocks) {
    if (presyncedHeaders === undefined) return '';
    return `Pre-syncing headers: ${count(presyncedHeaders)}`.slice(0, width);
  }
  const part = blocks / headers;
  const numbers = `${Math.floor(part * 100)}%  ${count(blocks)} of ${count(headers)} blocks`;
  const left = secondsLeft === undefined ? '' : `  ${duration(secondsLeft)} left`;
  const text = `${numbers}  ${count(Math.round(blocksPerSecond))} blocks/s${left}`;
  const cells = Math.min(MAX_BAR_CELLS, width - text.length - 1);
  if (cells >= MIN_BAR_CELLS) return `${bar(part, cells)} ${text}`;
  return text.length <= width ? text : numbers.slice(0, width);
}

function bar(part: number, cells: number): string {
  const filled = Math.floor(part * cells);
  return '█'.repeat(filled) + '░'.repeat(cells - filled);
}

/** Formats seconds in at most two units, such as `1 h 1 min`. */
export function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days ${hours % 24} h`;
}

function count(value: number): string {
  return value.toLocaleString('en');
}
