import { checkOperations } from '../checks.ts';
import { StoreError } from '../errors.ts';
import type { Range, Snapshot, Store, StoreEntry, StoreOperation } from '../store.ts';
import { bytesNeeded, sizeOfOpen } from './bytes-needed.ts';
import { seal, unseal } from './checksum.ts';
import { damagedRecords } from './damage.ts';
import { commitCause, silenceFailedCommit } from './failed-commit.ts';
import { guardKey, type LmdbData, type OpenDatabase, openDatabase } from './lmdb-open.ts';
import type { LmdbStoreOptions } from './lmdb-options.ts';
import { freeBytes, noSpace } from './prerequisites.ts';

type ReadTransaction = ReturnType<LmdbData['useReadTransaction']>;

interface PendingWrite {
  readonly operations: readonly StoreOperation[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Returns the same bytes as a plain `Uint8Array`: the `slice` of a `Buffer` does not copy. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Returns LMDB's options for a range; undefined if the range is empty. */
function lmdbRange({ gte, lt, reverse = false, limit }: Range): object | undefined {
  // LMDB treats an empty bound as no bound.
  if (lt?.length === 0) return undefined;
  const bounds = reverse
    ? { start: lt, exclusiveStart: true, end: gte, inclusiveEnd: true, reverse: true }
    : { ...(gte && { start: gte }), end: lt };
  return { ...bounds, ...(limit !== undefined && { limit }) };
}

/** Bytes of free space below which a disk counts as full after a failed write. */
const FULL_BYTES = 16 << 20;

/**
 * A store in a single LMDB file. Commits run off the main thread, one at a time; each contains all batches queued
 * during the previous one. A batch is never split between transactions. Committed data is on disk.
 *
 * @example
 * ```ts
 * import { mkdtemp } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { LmdbStore } from 'pier/store';
 *
 * const folder = await mkdtemp(join(tmpdir(), 'pier-'));
 * const store = await LmdbStore.open({ path: join(folder, 'chain.db'), network: 'regtest', kind: 'blockchain' });
 * await store.write([{ type: 'put', key: Uint8Array.of(1), value: Uint8Array.of(2) }]);
 * console.log(store.get(Uint8Array.of(1)));
 * await store.close();
 * ```
 */
export class LmdbStore implements Store {
  readonly #database: OpenDatabase;
  readonly #options: LmdbStoreOptions;
  /** Batches not handed to LMDB yet. */
  #queue: PendingWrite[] = [];
  /** The group of batches handed to LMDB, one at a time. */
  #inFlight: PendingWrite[] = [];
  #group = 0;
  /** The guard of an in-flight group that `writeSync` has applied already. */
  #guard: Uint8Array | undefined;
  /** The guard of the group before, which is removed with the one in flight. */
  #staleGuard: Uint8Array | undefined;
  #failure: StoreError | undefined;
  readonly #failed: Promise<StoreError>;
  #reportFailure: (failure: StoreError) => void = () => {};
  /** Functions that end the open snapshots and iterations. */
  readonly #views = new Set<() => void>();
  #closed: Promise<void> | undefined;

  private constructor(database: OpenDatabase, options: LmdbStoreOptions) {
    this.#database = database;
    this.#options = options;
    this.#failed = new Promise((resolve) => {
      this.#reportFailure = resolve;
    });
  }

  /**
   * Opens a database, and creates a missing file if `create` is set. Throws `StoreError` if the file is not a database
   * of this kind and network, or is in use for writing; the file is then unchanged.
   */
  static async open(options: LmdbStoreOptions): Promise<LmdbStore> {
    return new LmdbStore(await openDatabase(options), options);
  }

  /** The absolute path of the database file. */
  get path(): string {
    return this.#database.path;
  }

  /** Resolves to the error of the first write that fails; no write succeeds after it. */
  get failed(): Promise<StoreError> {
    return this.#failed;
  }

  get damaged(): readonly Uint8Array[] {
    return this.#database.damaged;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#checkOpen();
    return this.#get(key);
  }

  has(key: Uint8Array): boolean {
    this.#checkOpen();
    return this.#database.data.doesExist(key);
  }

  entries(range: Range = {}): IterableIterator<StoreEntry> {
    return this.#entries(range);
  }

  keys(range: Range = {}): Uint8Array[] {
    this.#checkOpen();
    const bounds = lmdbRange(range);
    if (!bounds) return [];
    return Array.from(this.#database.data.getKeys(bounds as never) as Iterable<Uint8Array>, plain);
  }

  write(operations: readonly StoreOperation[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#checkWrite(operations);
      this.#queue.push({ operations, resolve, reject });
      // In a microtask, so that all batches of the current code go into one commit.
      if (this.#queue.length === 1) queueMicrotask(() => this.#commitQueue());
    });
  }

  writeSync(operations: readonly StoreOperation[]): void {
    this.#checkWrite(operations);
    const { root } = this.#database;
    const overtaken = this.#queue;
    this.#queue = [];
    try {
      const batches = [...this.#inFlight, ...this.#inFlight, ...overtaken].map((pending) => pending.operations);
      const size = sizeOfOpen(this.#database.data);
      this.#database.reserve.makeSync(size.used, bytesNeeded([...batches, operations], size));
      root.transactionSync(() => {
        // LMDB may or may not have committed the in-flight group. Applying it here again is harmless, and the guard
        // makes LMDB skip the group if it has not been committed yet.
        if (this.#inFlight.length > 0 && !this.#guard) {
          this.#guard = guardKey(this.#group);
          root.put(this.#guard, new Uint8Array(1));
          this.#applyGroup(this.#inFlight);
        }
        for (const pending of overtaken) this.#apply(pending.operations);
        this.#apply(operations);
      });
    } catch (error) {
      throw this.#fail(error, overtaken);
    }
    for (const pending of overtaken) pending.resolve();
  }

  async flushed(): Promise<void> {
    // Commits are in order, and each is on disk before its promise resolves.
    if (this.#queue.length > 0 || this.#inFlight.length > 0) await this.write([]);
    if (this.#failure) throw this.#failure;
  }

  snapshot(): Snapshot {
    this.#checkOpen();
    const transaction = this.#database.data.useReadTransaction();
    const close = () => {
      if (this.#views.delete(close)) transaction.done();
    };
    this.#views.add(close);
    const open = () => {
      if (!this.#views.has(close)) throw new Error('the snapshot is closed');
    };
    return {
      get: (key) => {
        open();
        return this.#get(key, transaction);
      },
      has: (key) => {
        open();
        return this.#get(key, transaction) !== undefined;
      },
      entries: (range = {}) => {
        open();
        return this.#entries(range, transaction);
      },
      close,
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const pending = this.flushed();
    for (const end of [...this.#views]) end();
    // The promise of a failed write has reported the failure.
    await pending.catch(() => {});
    await this.#database.close();
  }

  #checkOpen(): void {
    if (this.#closed) throw new Error(`${this.path} is closed`);
  }

  #checkWrite(operations: readonly StoreOperation[]): void {
    this.#checkOpen();
    if (this.#options.readOnly) throw new Error(`${this.path} is open read-only`);
    if (this.#failure) throw this.#failure;
    checkOperations(operations);
  }

  #get(key: Uint8Array, transaction?: ReadTransaction): Uint8Array | undefined {
    let bytes: Uint8Array | undefined;
    try {
      bytes = this.#database.data.get(key, transaction && { transaction });
    } catch (error) {
      throw this.#readError(error);
    }
    return bytes && this.#unseal(key, bytes);
  }

  /** LMDB reports pages that have changed since the file was checked. */
  #readError(error: unknown): unknown {
    if (!/^MDB_/.test(String((error as Error).message))) return error;
    return damagedRecords({ path: this.path, kind: this.#options.kind }, (error as Error).message);
  }

  /** Returns the value without its checksum. Throws `StoreError` if the checksum is wrong. */
  #unseal(key: Uint8Array, bytes: Uint8Array): Uint8Array {
    if (!this.#database.isSealed) return plain(bytes);
    const value = unseal(key, bytes);
    if (!value) {
      throw damagedRecords({ path: this.path, kind: this.#options.kind }, 'a record does not match its checksum');
    }
    return value;
  }

  *#entries(range: Range, transaction?: ReadTransaction): Generator<StoreEntry> {
    this.#checkOpen();
    const bounds = lmdbRange(range);
    if (!bounds) return;
    const options = { ...bounds, ...(transaction && { transaction }) };
    const cursor = this.#database.data.getRange(options as never)[Symbol.iterator]();
    const end = () => {
      if (this.#views.delete(end)) cursor.return?.();
    };
    this.#views.add(end);
    try {
      for (let next = cursor.next(); !next.done; next = cursor.next()) {
        const { key, value } = next.value;
        yield [plain(key), this.#unseal(key, value)];
        if (!this.#views.has(end)) throw new Error('the store was closed during an iteration');
      }
    } finally {
      end();
    }
  }

  #applyGroup(group: readonly PendingWrite[]): void {
    if (this.#staleGuard) this.#database.root.remove(this.#staleGuard);
    for (const pending of group) this.#apply(pending.operations);
  }

  #apply(operations: readonly StoreOperation[]): void {
    const { data } = this.#database;
    for (const operation of operations) {
      if (operation.type === 'put') data.put(operation.key, seal(operation.key, operation.value));
      else data.remove(operation.key);
    }
  }

  #commitQueue(): void {
    if (this.#inFlight.length > 0 || this.#queue.length === 0) return;
    const group = this.#queue;
    this.#inFlight = group;
    this.#queue = [];
    this.#group++;
    this.#staleGuard = this.#guard;
    this.#guard = undefined;
    this.#commit(group).then(
      () => {
        this.#inFlight = [];
        for (const pending of group) pending.resolve();
        this.#commitQueue();
      },
      (error: unknown) => {
        this.#inFlight = [];
        const queue = this.#queue;
        this.#queue = [];
        this.#fail(error, [...group, ...queue]);
      },
    );
  }

  /** Commits the group in flight, unless `writeSync` has done so meanwhile. Throws the system's error. */
  async #commit(group: readonly PendingWrite[]): Promise<void> {
    const { root, data, reserve } = this.#database;
    const size = sizeOfOpen(data);
    const batches = group.map((pending) => pending.operations);
    await reserve.make(size.used, bytesNeeded(batches, size));
    const heard = silenceFailedCommit();
    try {
      await root.ifNoExists(guardKey(this.#group), () => this.#applyGroup(group));
    } catch (error) {
      throw await commitCause(error);
    } finally {
      heard();
    }
  }

  /** Rejects all further writes after a failed one: a later batch without an earlier one would be inconsistent. */
  #fail(error: unknown, lost: readonly PendingWrite[]): StoreError {
    const { path } = this;
    const free = freeBytes(path);
    // LMDB reports a full disk as an input/output error.
    const isFull = free !== undefined && free < FULL_BYTES;
    const { reason, hint } = noSpace(isFull ? { code: 'ENOSPC' } : error, free) ?? {
      reason: (error as Error).message,
      hint: 'Check the disk',
    };
    this.#failure ??= new StoreError('write-failed', path, `writing ${path} failed: ${reason}`, {
      hint: `${hint}, then restart the node. The file is as it was before this write.`,
      cause: error,
    });
    this.#reportFailure(this.#failure);
    for (const pending of lost) pending.reject(this.#failure);
    return this.#failure;
  }
}
