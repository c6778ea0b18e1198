import { emptyCodec } from './codec.ts';

/** BIP339: transactions are to be announced by wtxid. Only valid between `version` and `verack`. */
export const wtxidRelay = emptyCodec('wtxidrelay');
