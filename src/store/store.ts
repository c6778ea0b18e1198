/** One stored pair. */
export type StoreEntry = readonly [key: Uint8Array, value: Uint8Array];

/** The keys from `gte` (inclusive) to `lt` (exclusive), in byte order or against it. */
export interface Range {
  readonly gte?: Uint8Array;
  readonly lt?: Uint8Array;
  readonly reverse?: boolean;
  readonly limit?: number;
}

/** One change of a batch; a later one of the same key wins. */
export type StoreOperation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'delete'; readonly key: Uint8Array };

export interface StoreReader {
  /** The value, in bytes of its own, or undefined. */
  get(key: Uint8Array): Uint8Array | undefined;
  has(key: Uint8Array): boolean;
  entries(range?: Range): IterableIterator<StoreEntry>;
}

/** A view of one moment, unmoved by later writes. Close it: it holds pages back. */
export interface Snapshot extends StoreReader {
  close(): void;
}

/**
 * Ordered keys (1 to 511 bytes, compared as bytes) with values, changed in atomic batches. Implementations: `LmdbStore`, `MemoryStore`.
 */
export interface Store extends StoreReader {
  /**
   * Applies all of `operations` or, should the process die, none. Resolves once every reader sees them and no crash of
   * this process can lose them. Batches apply in the order of the calls.
   */
  write(operations: readonly StoreOperation[]): Promise<void>;
  /** As `write`, before it returns. */
  writeSync(operations: readonly StoreOperation[]): void;
  /** Resolves once all that was written survives a loss of power. */
  flushed(): Promise<void>;
  snapshot(): Snapshot;
  close(): Promise<void>;
}
