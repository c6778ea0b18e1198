import { hmac as nobleHmac } from '@noble/hashes/hmac.js';
import { ripemd160 as nobleRipemd160, sha1 as nobleSha1 } from '@noble/hashes/legacy.js';
import { sha256 as nobleSha256, sha512 as nobleSha512 } from '@noble/hashes/sha2.js';
import { concatBytes, fromBinaryKey } from '../bytes/compare.ts';
import { builtinModule } from '../platform/builtin-module.ts';

/** The functions of `node:crypto` used here: importing the module, or only its types, would tie this file to Node. */
interface NodeCrypto {
  hash(algorithm: string, data: Uint8Array, outputEncoding: 'binary'): string;
  createHash(algorithm: string): IncrementalHash;
  createHmac(algorithm: string, key: Uint8Array): IncrementalHash;
}
/** A hash function of bytes, with a digest in new memory. */
export type HashFunction = (data: Uint8Array) => Uint8Array;

const nodeCrypto = builtinModule<NodeCrypto>('node:crypto');

/**
 * Returns Node's implementation if it has the algorithm (its OpenSSL may lack RIPEMD-160), noble's otherwise. For short
 * input, `hash` with a string as result is four to five times as fast as `createHash`: it allocates no object.
 */
function pick(algorithm: string, fallback: HashFunction): HashFunction {
  if (!nodeCrypto) return fallback;
  const { hash } = nodeCrypto;
  try {
    hash(algorithm, new Uint8Array(0), 'binary');
  } catch {
    return fallback;
  }
  return (data) => fromBinaryKey(hash(algorithm, data, 'binary'));
}

/** Returns SHA-256 of `data`: 32 bytes. */
export const sha256: HashFunction = pick('sha256', nobleSha256);
/** Returns RIPEMD-160 of `data`: 20 bytes. */
export const ripemd160: HashFunction = pick('ripemd160', nobleRipemd160);
/** Returns SHA-1 of `data`: 20 bytes. */
export const sha1: HashFunction = pick('sha1', nobleSha1);

/** Returns SHA-256 of SHA-256 of `data`: 32 bytes, internal order. The hash of blocks, txids and merkle nodes. */
export function sha256d(data: Uint8Array): Uint8Array {
  return sha256(sha256(data));
}

/** A hash of data that arrives in pieces. */
export interface IncrementalHash {
  /** Appends data. */
  update(data: Uint8Array): unknown;
  /** Returns the hash of all data. Called once. */
  digest(): Uint8Array;
}

/** Starts a SHA-256 of data that arrives in pieces. */
export function startSha256(): IncrementalHash {
  return nodeCrypto ? nodeCrypto.createHash('sha256') : nobleSha256.create();
}

/** Returns HMAC-SHA512 of `data` under a key: 64 bytes, as BIP32 derives keys. */
export function hmacSha512(key: Uint8Array, data: Uint8Array): Uint8Array {
  if (!nodeCrypto) return nobleHmac(nobleSha512, key, data);
  const mac = nodeCrypto.createHmac('sha512', key);
  mac.update(data);
  return mac.digest();
}

/** Returns RIPEMD-160 of SHA-256 of `data`: 20 bytes, as in P2PKH, P2SH and P2WPKH outputs. */
export function hash160(data: Uint8Array): Uint8Array {
  return ripemd160(sha256(data));
}

/** Returns SHA-256 of the concatenation of `parts`: 32 bytes. */
export function sha256Parts(parts: readonly Uint8Array[]): Uint8Array {
  // Concatenating is cheaper than one call into Node per part.
  return sha256(concatBytes(...parts));
}

/**
 * Returns the tagged hash function of BIP340, SHA256(SHA256(tag) || SHA256(tag) || message), with results of 32 bytes.
 * Create it once per tag.
 *
 * @example
 * ```ts
 * import { toHex } from 'pier/bytes';
 * import { taggedHash } from 'pier/crypto';
 *
 * const tapBranch = taggedHash('TapBranch');
 * const [left, right] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
 * console.log(toHex(tapBranch(left, right)).length); // 64
 * ```
 */
export function taggedHash(tag: string): (...message: readonly Uint8Array[]) => Uint8Array {
  const tagHash = sha256(new TextEncoder().encode(tag));
  return (...message) => sha256(concatBytes(tagHash, tagHash, ...message));
}
