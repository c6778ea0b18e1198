import type { StoreOperation } from './store.ts';

/** Bytes a key may have (LMDB's limit). */
export const MAX_KEY_LENGTH = 511;

/** Throws `RangeError` if a key is empty or too long. Stores call it before they apply any of the batch. */
export function checkOperations(operations: readonly StoreOperation[]): void {
  for (const { key } of operations) {
    if (key.length < 1 || key.length > MAX_KEY_LENGTH) {
      throw new RangeError(`a key must have 1 to ${MAX_KEY_LENGTH} bytes, got ${key.length}`);
    }
  }
}
