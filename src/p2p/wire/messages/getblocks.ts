import { locatorCodec } from './locator.ts';

/** Asks for hashes of blocks, answered by `inv`; the way before there was `getheaders`. */
export const getBlocks = locatorCodec('getblocks');
