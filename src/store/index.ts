/**
 * Ordered key-value stores with atomic batches: `LmdbStore` in a file, `MemoryStore` for tests and simulations.
 *
 * @example
 * ```ts
 * import { fromHex, toHex } from 'pier/bytes';
 * import { MemoryStore, type Store } from 'pier/store';
 *
 * const store: Store = new MemoryStore();
 * await store.write([
 *   { type: 'put', key: fromHex('01'), value: fromHex('aa') },
 *   { type: 'put', key: fromHex('02'), value: fromHex('bb') },
 * ]);
 * for (const [key, value] of store.entries({ gte: fromHex('02') })) console.log(toHex(key), toHex(value)); // 02 bb
 * await store.close();
 * ```
 *
 * @module pier/store
 * @packageDocumentation
 */

export { StoreError, type StoreErrorCode } from './errors.ts';
export type { LmdbStoreOptions, StoreKind } from './lmdb/lmdb-options.ts';
export { LmdbStore } from './lmdb/lmdb-store.ts';
export { MemoryStore } from './memory-store.ts';
export type { Range, Snapshot, Store, StoreEntry, StoreOperation, StoreReader } from './store.ts';
