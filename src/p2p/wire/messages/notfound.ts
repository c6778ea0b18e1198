import { inventoryCodec } from './inventory.ts';

/** Answers what of a `getdata` the sender does not have. */
export const notFound = inventoryCodec('notfound');
