export { StoreError, type StoreErrorCode } from './errors.ts';
export type { DatabaseOptions, StoreKind } from './lmdb-open.ts';
export { LmdbStore } from './lmdb-store.ts';
export { MemoryStore } from './memory-store.ts';
export type { Range, Snapshot, Store, StoreEntry, StoreOperation, StoreReader } from './store.ts';
