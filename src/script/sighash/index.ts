/** Signature hashes: one function each for legacy, segwit v0 and Taproot, and the cache that they share. */
export { SighashCache } from './cache.ts';
export { legacySighash } from './legacy.ts';
export {
  legacyParts,
  type PreimageField,
  type PreimageFieldName,
  type SighashParts,
  segwitV0Parts,
  taprootParts,
} from './parts.ts';
export { segwitV0Sighash } from './segwit-v0.ts';
export { annexHash, NO_CODE_SEPARATOR, type TaprootContext, taprootSighash } from './taproot.ts';
export { SigHash, SigVersion } from './types.ts';
