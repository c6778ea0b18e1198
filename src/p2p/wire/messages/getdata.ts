import { inventoryCodec } from './inventory.ts';

/** Asks for transactions and blocks. */
export const getData = inventoryCodec('getdata');
