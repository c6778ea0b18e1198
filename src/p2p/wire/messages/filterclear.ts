import { emptyCodec } from './codec.ts';

/** BIP37: the sender wants to hear of everything again. */
export const filterClear = emptyCodec('filterclear');
