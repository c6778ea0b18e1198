/** What signatures sign: one function for each of the three generations, and what a transaction's inputs share. */
export { SighashCache } from './cache.ts';
export { legacySighash } from './legacy.ts';
export { segwitV0Sighash } from './segwit-v0.ts';
export { annexHash, NO_CODE_SEPARATOR, type TaprootContext, taprootSighash } from './taproot.ts';
export { SigHash, SigVersion } from './types.ts';
