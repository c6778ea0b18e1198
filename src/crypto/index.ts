export { isHighS, isStrictDer, normalizeS, parseDerLax } from './der.ts';
export {
  createEllswiftKey,
  decodeEllswift,
  ELLSWIFT_SIZE,
  type EllswiftKeyPair,
  ellswiftSharedSecret,
  encodeEllswift,
} from './ellswift.ts';
export { FSChaCha20, FSChaCha20Poly1305 } from './forward-secret.ts';
export { type HashFunction, hash160, ripemd160, sha1, sha256, sha256d, taggedHash } from './hash.ts';
export { murmur3 } from './murmur3.ts';
export { type Secp256k1Engine, secp256k1, useSecp256k1Engine } from './secp256k1.ts';
export { sipHash, type Uint64Halves } from './siphash.ts';
