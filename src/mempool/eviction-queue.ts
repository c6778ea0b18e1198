import type { MutableEntry } from './entry.ts';

/**
 * A binary heap of entries with the next one to evict on top: the lowest of max(own fee rate, fee rate with
 * descendants); among equals the newest (Core: CompareTxMemPoolEntryByDescendantScore).
 */
export class EvictionQueue {
  readonly #heap: MutableEntry[] = [];

  /** The entry to evict next. */
  get first(): MutableEntry | undefined {
    return this.#heap[0];
  }

  /** Adds an entry. */
  add(entry: MutableEntry): void {
    entry.evictionScore = evictionScore(entry);
    this.#heap.push(entry);
    this.#up(entry, this.#heap.length - 1);
  }

  /** Removes an entry, which must be in the queue. */
  remove(entry: MutableEntry): void {
    const index = entry.queueIndex;
    const last = this.#heap.pop()!;
    entry.queueIndex = -1;
    if (last !== entry) this.#settle(last, index);
  }

  /** Must be called when an entry's fees or descendants have changed. */
  update(entry: MutableEntry): void {
    entry.evictionScore = evictionScore(entry);
    this.#settle(entry, entry.queueIndex);
  }

  #settle(entry: MutableEntry, index: number): void {
    if (index > 0 && goesBefore(entry, this.#heap[(index - 1) >> 1]!)) this.#up(entry, index);
    else this.#down(entry, index);
  }

  #up(entry: MutableEntry, from: number): void {
    const heap = this.#heap;
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex]!;
      if (!goesBefore(entry, parent)) break;
      heap[index] = parent;
      parent.queueIndex = index;
      index = parentIndex;
    }
    heap[index] = entry;
    entry.queueIndex = index;
  }

  #down(entry: MutableEntry, from: number): void {
    const heap = this.#heap;
    let index = from;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= heap.length) break;
      if (childIndex + 1 < heap.length && goesBefore(heap[childIndex + 1]!, heap[childIndex]!)) childIndex++;
      const child = heap[childIndex]!;
      if (!goesBefore(child, entry)) break;
      heap[index] = child;
      child.queueIndex = index;
      index = childIndex;
    }
    heap[index] = entry;
    entry.queueIndex = index;
  }
}

function evictionScore(entry: MutableEntry): number {
  const own = Number(entry.modifiedFee) / entry.vsize;
  return Math.max(own, Number(entry.descendantFees) / entry.descendantSize);
}

function goesBefore(a: MutableEntry, b: MutableEntry): boolean {
  return a.evictionScore < b.evictionScore || (a.evictionScore === b.evictionScore && a.sequence > b.sequence);
}
