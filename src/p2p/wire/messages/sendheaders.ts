import { emptyCodec } from './codec.ts';

/** BIP130: new blocks are to be announced by their headers. */
export const sendHeaders = emptyCodec('sendheaders');
