import type { SyncProgress } from '../p2p/blocks/sync-progress.ts';
import type { Logger } from '../platform/logger.ts';
import type { StatusLine } from './status-line.ts';

/** Milliseconds between lines in the log, where there is no terminal. */
const LOG_INTERVAL_MS = 10_000;
/** The bar takes what room the numbers leave; a shorter one tells nothing. */
const MAX_BAR_CELLS = 24;
const MIN_BAR_CELLS = 8;

/** What is drawn for people: a bar with rate and time left; at most `width` characters. */
export function syncLine(progress: SyncProgress, width: number): string {
  const { blocks, headers, presyncedHeaders, blocksPerSecond, secondsLeft, done } = progress;
  if (done) return '';
  if (headers <= blocks) {
    if (presyncedHeaders === undefined) return '';
    return `Looking at headers: ${count(presyncedHeaders)}, whose work has yet to be seen`.slice(0, width);
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

/** Seconds in the two largest units that there are. */
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

/** Returns a listener for a node's `progress`: draws on the terminal, or without one logs a line every ten seconds. */
export function showSync(
  status: StatusLine | undefined,
  logger: Logger,
  monotonic: () => number,
): (progress: SyncProgress) => void {
  if (status) return (progress) => status.show(syncLine(progress, status.width));
  let loggedAt: number | undefined;
  return ({ done, ...progress }) => {
    if (done) {
      loggedAt = undefined;
      return;
    }
    const now = monotonic();
    loggedAt ??= now;
    if (now - loggedAt < LOG_INTERVAL_MS) return;
    loggedAt = now;
    logger.info({ ...progress, blocksPerSecond: Math.round(progress.blocksPerSecond) }, 'downloading the chain');
  };
}
