import { emptyCodec } from './codec.ts';

/** BIP155: the sender prefers `addrv2` to `addr`. Only valid between `version` and `verack`. */
export const sendAddrV2 = emptyCodec('sendaddrv2');
