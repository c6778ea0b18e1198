/** A stored key and its value. */
export type StoreEntry = readonly [key: Uint8Array, value: Uint8Array];

/** A range of keys. */
export interface Range {
  /** The lower bound, inclusive; default: none. */
  readonly gte?: Uint8Array;
  /** The upper bound, exclusive; default: none. */
  readonly lt?: Uint8Array;
  /** Whether to iterate in descending order; default false. */
  readonly reverse?: boolean;
  /** Entries to return at most; default: all. */
  readonly limit?: number;
}

/** A change in a batch; the last change of a key wins. */
export type StoreOperation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'delete'; readonly key: Uint8Array };

/** Read access to a store or a snapshot. Methods throw once it is closed. */
export interface StoreReader {
  /** Returns the value of a key; undefined if there is none. Later writes do not change it; do not write to it. */
  get(key: Uint8Array): Uint8Array | undefined;
  /** Returns whether the key exists. */
  has(key: Uint8Array): boolean;
  /** Iterates over a range in key order, as of the start of the iteration. */
  entries(range?: Range): IterableIterator<StoreEntry>;
}

/** A consistent view that later writes do not change. It keeps old pages in use until it is closed. */
export interface Snapshot extends StoreReader {
  /** Releases the view. */
  close(): void;
}

/**
 * An ordered key-value store with atomic batches. Keys have 1 to 511 bytes and are ordered bytewise. Implementations:
 * `LmdbStore`, `MemoryStore`.
 */
export interface Store extends StoreReader {
  /** The path of the file, for messages; absent in memory. */
  readonly path?: string;
  /**
   * Stands for the content: while two stores have the same object, they have the same records. Absent if the store does
   * not know of another one with its content.
   */
  readonly contentId?: object | undefined;
  /** Returns the keys in a range, in key order, without reading the values. */
  keys(range?: Range): Uint8Array[];
  /** Keys of the records that did not match their checksums when the store was opened. */
  readonly damaged: readonly Uint8Array[];
  /**
   * Writes a batch atomically, even if the process dies. Resolves once readers see it and a crash of the process cannot
   * lose it. Batches are applied in the order of the calls. Rejects with `RangeError` for an invalid key, `StoreError`
   * if the write fails.
   */
  write(operations: readonly StoreOperation[]): Promise<void>;
  /** Writes a batch as `write` does, after all pending batches, and returns when it is done. Throws. */
  writeSync(operations: readonly StoreOperation[]): void;
  /** Resolves once all previous writes are durable, even after a power failure. */
  flushed(): Promise<void>;
  /** Returns a snapshot of the current content. */
  snapshot(): Snapshot;
  /** Completes pending writes and closes the store. Its snapshots must not be used afterwards. */
  close(): Promise<void>;
}
