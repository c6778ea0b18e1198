import type { StoreOperation } from './store.ts';

/** Bytes that a key may have: what LMDB's pages allow. */
export const MAX_KEY_LENGTH = 511;

/** Throws `RangeError` unless every key is one that a store can hold; nothing of the batch has been applied then. */
export function checkOperations(operations: readonly StoreOperation[]): void {
  for (const { key } of operations) {
    if (key.length < 1 || key.length > MAX_KEY_LENGTH) {
      throw new RangeError(`a store's key has 1 to ${MAX_KEY_LENGTH} bytes, got ${key.length}`);
    }
  }
}
