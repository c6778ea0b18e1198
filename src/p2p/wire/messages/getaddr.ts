import { emptyCodec } from './codec.ts';

/** Asks for addresses of other nodes. */
export const getAddr = emptyCodec('getaddr');
