import { emptyCodec } from './codec.ts';

/** BIP35: asks for announcements of all that is in the mempool. */
export const mempool = emptyCodec('mempool');
