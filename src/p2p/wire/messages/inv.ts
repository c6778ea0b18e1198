import { inventoryCodec } from './inventory.ts';

/** Announces transactions and blocks. */
export const inv = inventoryCodec('inv');
