import { ripemd160 as nobleRipemd160, sha1 as nobleSha1 } from '@noble/hashes/legacy.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { concatBytes, fromBinaryKey } from '../bytes/compare.ts';

/** The part of `node:crypto` used here; importing it, even its types, would tie this file to Node. */
interface NodeCrypto {
  hash(algorithm: string, data: Uint8Array, outputEncoding: 'binary'): string;
}
type HashFunction = (data: Uint8Array) => Uint8Array;

// Reached at run time, so that the same file loads in a browser, where there is no process.
const nodeCrypto = (
  globalThis as { process?: { getBuiltinModule?: (id: string) => NodeCrypto | undefined } }
).process?.getBuiltinModule?.('node:crypto');

/**
 * Node's implementation where it has the algorithm (RIPEMD-160 may be disabled in its OpenSSL), noble's elsewhere.
 * One call that returns a string is four times as fast as createHash for a few bytes, and five times where there are
 * millions: it makes no object for the garbage collector.
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

export const sha256: HashFunction = pick('sha256', nobleSha256);
export const ripemd160: HashFunction = pick('ripemd160', nobleRipemd160);
export const sha1: HashFunction = pick('sha1', nobleSha1);

/** SHA-256 twice: block hashes, txids, merkle nodes, message checksums. 32 bytes, internal order. */
export function sha256d(data: Uint8Array): Uint8Array {
  return sha256(sha256(data));
}

/** RIPEMD-160 of SHA-256: 20 bytes, as in P2PKH, P2SH and P2WPKH. */
export function hash160(data: Uint8Array): Uint8Array {
  return ripemd160(sha256(data));
}

/** SHA-256 of several parts, one after the other. Joining them costs less than more calls into Node would. */
export function sha256Parts(parts: readonly Uint8Array[]): Uint8Array {
  return sha256(concatBytes(...parts));
}

/** BIP340's tagged hash: SHA256(SHA256(tag) || SHA256(tag) || message). Make one per tag and keep it. */
export function taggedHash(tag: string): (...message: readonly Uint8Array[]) => Uint8Array {
  const tagHash = sha256(new TextEncoder().encode(tag));
  return (...message) => sha256(concatBytes(tagHash, tagHash, ...message));
}
