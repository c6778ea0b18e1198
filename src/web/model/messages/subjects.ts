import type { Timeline } from '../timeline.ts';

/** What a message names or carries. */
export interface Subject {
  readonly of: 'block' | 'transaction';
  readonly id: string;
}

/** Commands that name blocks or transactions, by the types of their entries. */
const LISTS: ReadonlySet<string> = new Set(['inv', 'getdata', 'notfound']);

/** Returns what a hash of a message stands for: a transaction by its txid, if it is known. */
export function subjectOf(timeline: Timeline, command: string, hash: string): Subject {
  const isBlock = LISTS.has(command) ? timeline.blocks.has(hash) : command !== 'tx';
  return isBlock ? { of: 'block', id: hash } : { of: 'transaction', id: timeline.txidOf(hash) };
}
