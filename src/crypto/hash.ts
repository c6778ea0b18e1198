import { ripemd160 as nobleRipemd160, sha1 as nobleSha1 } from '@noble/hashes/legacy.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';

interface NodeHash {
  update(data: Uint8Array): NodeHash;
  copy(): NodeHash;
  digest(): Uint8Array;
}
/** The part of `node:crypto` used here; importing it, even its types, would tie this file to Node. */
interface NodeCrypto {
  createHash(algorithm: string): NodeHash;
}
type HashFunction = (data: Uint8Array) => Uint8Array;

// Reached at run time, so that the same file loads in a browser, where there is no process.
const nodeCrypto = (
  globalThis as { process?: { getBuiltinModule?: (id: string) => NodeCrypto | undefined } }
).process?.getBuiltinModule?.('node:crypto');

/** Node's implementation where it has the algorithm (RIPEMD-160 may be disabled in its OpenSSL), noble's elsewhere. */
function pick(algorithm: string, fallback: HashFunction): HashFunction {
  if (!nodeCrypto) return fallback;
  const { createHash } = nodeCrypto;
  try {
    createHash(algorithm);
  } catch {
    return fallback;
  }
  return (data) => createHash(algorithm).update(data).digest();
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

/** SHA-256 of several parts without joining them first. */
export const sha256Parts: (parts: readonly Uint8Array[]) => Uint8Array = nodeCrypto
  ? (parts) => {
      const hash = nodeCrypto.createHash('sha256');
      for (const part of parts) hash.update(part);
      return hash.digest();
    }
  : (parts) => {
      const hash = nobleSha256.create();
      for (const part of parts) hash.update(part);
      return hash.digest();
    };

/** BIP340's tagged hash: SHA256(SHA256(tag) || SHA256(tag) || message). Make one per tag and keep it. */
export function taggedHash(tag: string): (...message: readonly Uint8Array[]) => Uint8Array {
  const tagHash = sha256(new TextEncoder().encode(tag));
  const prefix = new Uint8Array(64);
  prefix.set(tagHash, 0);
  prefix.set(tagHash, 32);
  if (nodeCrypto) {
    // A copy of the hash after its first block saves that block's compression on every call.
    const midstate = nodeCrypto.createHash('sha256').update(prefix);
    return (...message) => {
      const hash = midstate.copy();
      for (const part of message) hash.update(part);
      return hash.digest();
    };
  }
  const midstate = nobleSha256.create().update(prefix);
  return (...message) => {
    const hash = midstate.clone();
    for (const part of message) hash.update(part);
    return hash.digest();
  };
}
