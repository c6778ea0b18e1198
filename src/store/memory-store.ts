import { binaryKey, fromBinaryKey } from '../bytes/compare.ts';
import { checkOperations } from './checks.ts';
import type { Range, Snapshot, Store, StoreEntry, StoreOperation } from './store.ts';

/** Values that were replaced since an open snapshot was taken; undefined if there was none. */
type Overlay = Map<string, Uint8Array | undefined>;

/** Changes up to which a fork copies them instead of merging them into what is shared. */
const MAX_COPIED_CHANGES = 64;
/** New keys up to which keys are inserted one by one instead of sorting all. */
const FEW_KEYS = 32;

/** Returns the first index in `keys` whose key is not below `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Returns the value to keep: a copy if it is a small part of a larger buffer, which would stay in memory with it. */
function owned(value: Uint8Array): Uint8Array {
  if (value.byteLength * 2 < value.buffer.byteLength) return new Uint8Array(value);
  // Not a `Buffer`, whose `slice` does not copy.
  return value.constructor === Uint8Array ? value : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

/**
 * A store in memory, for tests and simulations. Values are stored and returned without copying, so callers must not
 * write to them. Keys are sorted lazily, when a range is read.
 */
export class MemoryStore implements Store {
  readonly damaged: readonly Uint8Array[] = [];
  /** Values that forks share: never modified. A deleted key stays, with an undefined value, until `#compact`. */
  #base: ReadonlyMap<string, Uint8Array | undefined> = new Map();
  /** Values that differ from those of `#base`. */
  #changes = new Map<string, Uint8Array | undefined>();
  /** Every key of `#base` and `#changes` is either in `#sorted`, in order, or in `#unsorted`. */
  #sorted: readonly string[] = [];
  #unsorted: string[] = [];
  #deleted = 0;
  #queue: (readonly StoreOperation[])[] = [];
  #applied: Promise<void> | undefined;
  readonly #overlays = new Set<Overlay>();
  #contentId: object | undefined;
  #closed = false;

  /** Shared with the stores that were forked from this one, or this one from, until one of them changes. */
  get contentId(): object | undefined {
    return this.#contentId;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#checkOpen();
    return this.#read(binaryKey(key));
  }

  has(key: Uint8Array): boolean {
    return this.get(key) !== undefined;
  }

  keys(range: Range = {}): Uint8Array[] {
    return [...this.entries(range)].map(([key]) => key);
  }

  *entries(range: Range = {}): IterableIterator<StoreEntry> {
    // Through a snapshot, so that writes do not disturb the iteration.
    const view = this.snapshot();
    try {
      yield* view.entries(range);
    } finally {
      view.close();
    }
  }

  write(operations: readonly StoreOperation[]): Promise<void> {
    try {
      this.#check(operations);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#queue.push(operations);
    // Deferred, as in LmdbStore: until the promise resolves, readers see the old values.
    this.#applied ??= Promise.resolve().then(() => this.#applyQueue());
    return this.#applied;
  }

  writeSync(operations: readonly StoreOperation[]): void {
    this.#check(operations);
    this.#applyQueue();
    this.#apply(operations);
  }

  async flushed(): Promise<void> {
    await this.#applied;
  }

  /** Returns a store of its own with the same content, pending writes included. */
  fork(): MemoryStore {
    this.#checkOpen();
    this.#applyQueue();
    if (this.#changes.size > MAX_COPIED_CHANGES) this.#mergeChanges();
    const fork = new MemoryStore();
    fork.#base = this.#base;
    fork.#changes = new Map(this.#changes);
    // Neither store changes the array. Sorted here, so that forks of the fork need not do so.
    fork.#sorted = this.#sortedKeys();
    fork.#deleted = this.#deleted;
    this.#contentId ??= {};
    fork.#contentId = this.#contentId;
    return fork;
  }

  snapshot(): Snapshot {
    this.#checkOpen();
    const overlay: Overlay = new Map();
    this.#overlays.add(overlay);
    let closed = false;
    const read = (key: string): Uint8Array | undefined => {
      if (closed) throw new Error('the snapshot is closed');
      return overlay.has(key) ? overlay.get(key) : this.#read(key);
    };
    const sortedKeys = () => this.#sortedKeys();
    return {
      get: (key) => read(binaryKey(key)),
      has: (key) => read(binaryKey(key)) !== undefined,
      *entries({ gte, lt, reverse = false, limit = Number.POSITIVE_INFINITY }: Range = {}) {
        const keys = sortedKeys();
        const from = gte ? lowerBound(keys, binaryKey(gte)) : 0;
        const to = lt ? lowerBound(keys, binaryKey(lt)) : keys.length;
        let left = limit;
        for (let i = 0; i < to - from && left > 0; i++) {
          const key = keys[reverse ? to - 1 - i : from + i]!;
          const value = read(key);
          if (value === undefined) continue;
          left--;
          yield [fromBinaryKey(key), value] as const;
        }
      },
      close: () => {
        closed = true;
        this.#overlays.delete(overlay);
      },
    };
  }

  async close(): Promise<void> {
    this.#applyQueue();
    this.#closed = true;
  }

  #checkOpen(): void {
    if (this.#closed) throw new Error('the store is closed');
  }

  #check(operations: readonly StoreOperation[]): void {
    this.#checkOpen();
    checkOperations(operations);
  }

  #applyQueue(): void {
    const queue = this.#queue;
    this.#queue = [];
    this.#applied = undefined;
    for (const operations of queue) this.#apply(operations);
  }

  #apply(operations: readonly StoreOperation[]): void {
    if (operations.length > 0) this.#contentId = undefined;
    for (const operation of operations) {
      this.#set(binaryKey(operation.key), operation.type === 'put' ? owned(operation.value) : undefined);
    }
    const keys = this.#sorted.length + this.#unsorted.length;
    if (this.#deleted > 1024 && this.#deleted * 2 > keys && this.#overlays.size === 0) this.#compact();
  }

  #read(key: string): Uint8Array | undefined {
    const value = this.#changes.get(key);
    return value === undefined && !this.#changes.has(key) ? this.#base.get(key) : value;
  }

  #set(key: string, value: Uint8Array | undefined): void {
    const old = this.#read(key);
    if (old === undefined && value === undefined) return;
    for (const overlay of this.#overlays) if (!overlay.has(key)) overlay.set(key, old);
    if (old === undefined) {
      if (this.#changes.has(key) || this.#base.has(key)) this.#deleted--;
      else this.#unsorted.push(key);
    } else if (value === undefined) {
      this.#deleted++;
    }
    this.#changes.set(key, value);
  }

  /** Returns all keys in order, including deleted ones. The array is never modified, so iterations may keep it. */
  #sortedKeys(): readonly string[] {
    const added = this.#unsorted;
    if (added.length === 0) return this.#sorted;
    this.#unsorted = [];
    const keys = this.#sorted.slice();
    if (added.length <= FEW_KEYS) {
      for (const key of added) keys.splice(lowerBound(keys, key), 0, key);
    } else {
      for (const key of added) keys.push(key);
      keys.sort((a, b) => (a < b ? -1 : 1));
    }
    this.#sorted = keys;
    return keys;
  }

  /** Removes deleted keys. No snapshot may be open, because it could still need them. */
  #compact(): void {
    const live = (key: string) => this.#read(key) !== undefined;
    this.#sorted = this.#sorted.filter(live);
    this.#unsorted = this.#unsorted.filter(live);
    const values = this.#mergeChanges();
    for (const [key, value] of values) if (value === undefined) values.delete(key);
    this.#deleted = 0;
  }

  /** Makes the current values those of `#base`. Returns them, for the caller to modify at once. */
  #mergeChanges(): Map<string, Uint8Array | undefined> {
    const values = new Map(this.#base);
    for (const [key, value] of this.#changes) values.set(key, value);
    this.#base = values;
    this.#changes = new Map();
    return values;
  }
}
