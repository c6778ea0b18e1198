import type { MempoolEntry } from './entry.ts';

/** Sorts parents before children: after a reorganisation, a child can have entered the mempool before its parent. */
export function parentsFirst(entries: Iterable<MempoolEntry>): ReadonlySet<MempoolEntry> {
  const ordered = new Set<MempoolEntry>();
  const add = (entry: MempoolEntry) => {
    for (const parent of entry.parents) if (!ordered.has(parent)) add(parent);
    ordered.add(entry);
  };
  for (const entry of entries) add(entry);
  return ordered;
}
