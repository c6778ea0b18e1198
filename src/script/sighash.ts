/** What signatures sign: one function for each of the three generations, and what a transaction's inputs share. */
export { SighashCache } from './sighash/cache.ts';
export { legacySighash } from './sighash/legacy.ts';
export { segwitV0Sighash } from './sighash/segwit-v0.ts';
export { annexHash, NO_CODE_SEPARATOR, type TaprootContext, taprootSighash } from './sighash/taproot.ts';
export { SigHash, SigVersion } from './sighash/types.ts';
