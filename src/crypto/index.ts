/**
 * Hash functions, signature verification by secp256k1, DER signatures, and the key exchange and ciphers of BIP324. Runs
 * in browsers as well.
 *
 * Two secp256k1 engines are built in, native code and WebAssembly. The first call chooses one; `useSecp256k1Engine`
 * sets another.
 *
 * @example
 * ```ts
 * import { fromHex, toHex } from 'pier/bytes';
 * import { hash160, secp256k1, sha256d, taggedHash } from 'pier/crypto';
 *
 * console.log(toHex(sha256d(new Uint8Array(0)))); // 5df6e0e2761359d30a8275058e299fcc0381534545f55cf43e41983f5d4c9456
 * console.log(toHex(hash160(fromHex('02'.padEnd(66, '1'))))); // adfce54f529b2154e3c361bbe3f7d41db0635717
 * const tapLeaf = taggedHash('TapLeaf');
 * console.log(tapLeaf(Uint8Array.of(0xc0)).length); // 32
 *
 * // x of the generator: the public key of the secret key 1 (BIP340).
 * const secretKey = new Uint8Array(32).fill(1, 31);
 * console.log(toHex(secp256k1().xOnlyPublicKey(secretKey)!)); // 79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798
 * ```
 *
 * @module pier/crypto
 * @packageDocumentation
 */

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
export {
  type HashFunction,
  hash160,
  type IncrementalHash,
  ripemd160,
  sha1,
  sha256,
  sha256d,
  startSha256,
  taggedHash,
} from './hash.ts';
export { murmur3 } from './murmur3.ts';
export { type Secp256k1Engine, secp256k1, useSecp256k1Engine } from './secp256k1.ts';
export { sipHash, type Uint64Halves } from './siphash.ts';
