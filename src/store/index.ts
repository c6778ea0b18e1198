export { StoreError, type StoreErrorCode } from './errors.ts';
export type { DatabaseOptions, StoreKind } from './lmdb-open.ts';
export { LmdbStore } from './lmdb-store.ts';
export { MemoryStore } from './memory-store.ts';
export type { Entry, Operation, Range, Snapshot, Store, StoreReader } from './store.ts';
