import type { Secp256k1Engine } from '../crypto/engines/engine.ts';
import { secp256k1 } from '../crypto/secp256k1.ts';
import { systemRandom } from '../platform/random.ts';

/** What judges signatures: an engine, or a cache in front of it. */
export type SignatureVerifier = Pick<Secp256k1Engine, 'verifyEcdsa' | 'verifySchnorr'>;

/** Signatures that are remembered, in buckets of so many: about 10 MB. */
const DEFAULT_CAPACITY = 65_536;
const BUCKET = 4;

/** Layout of an entry. The first byte tells the kind, and that there is an entry at all. */
const HASH = 1;
const SIGNATURE = HASH + 32;
const PUBLIC_KEY = SIGNATURE + 64;
const MAX_PUBLIC_KEY = 65;
const ENTRY_SIZE = PUBLIC_KEY + MAX_PUBLIC_KEY;

/** The kinds; the length of the key is added, to make the first byte. */
const SCHNORR = 0;
const ECDSA = 0x80;

/**
 * Signatures that were found right, so that they are not verified again when a transaction comes back: in another form,
 * under other rules, from a lost branch (Core: SignatureCache). Whether a signature is right depends on nothing but the
 * bytes of hash, signature and key. Those are what is compared, so nobody can make one pass for another, and no
 * script flag plays a part: what flags ask of encodings is asked outside. Wrong signatures are not remembered.
 *
 * Entries lie in one block of memory, in the bucket that the bytes and a secret number lead to; when a bucket is full,
 * one makes room. That takes no more than copying the bytes, and makes nothing for the garbage collector.
 */
export class SignatureCache implements SignatureVerifier {
  /** Looks into the cache, and puts nothing there: for blocks, whose signatures are seldom seen twice. */
  readonly reader: SignatureVerifier = {
    verifyEcdsa: (signature, hash, publicKey) =>
      this.#has(ECDSA, signature, hash, publicKey) || secp256k1().verifyEcdsa(signature, hash, publicKey),
    verifySchnorr: (signature, hash, publicKey) =>
      this.#has(SCHNORR, signature, hash, publicKey) || secp256k1().verifySchnorr(signature, hash, publicKey),
  };

  readonly #bucketMask: number;
  readonly #secret: number;
  #entries: Uint8Array | undefined;
  #nextVictim = 0;

  /** `capacity` must be a power of two, and at least a bucket. */
  constructor(capacity: number = DEFAULT_CAPACITY) {
    this.#bucketMask = capacity / BUCKET - 1;
    this.#secret = new DataView(systemRandom.bytes(4).buffer).getInt32(0);
  }

  verifyEcdsa(signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): boolean {
    if (this.#has(ECDSA, signature, hash, publicKey)) return true;
    if (!secp256k1().verifyEcdsa(signature, hash, publicKey)) return false;
    this.#add(ECDSA, signature, hash, publicKey);
    return true;
  }

  verifySchnorr(signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): boolean {
    if (this.#has(SCHNORR, signature, hash, publicKey)) return true;
    if (!secp256k1().verifySchnorr(signature, hash, publicKey)) return false;
    this.#add(SCHNORR, signature, hash, publicKey);
    return true;
  }

  #has(kind: number, signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): boolean {
    const entries = this.#entries;
    if (!entries || !fits(signature, hash, publicKey)) return false;
    const mark = kind + publicKey.length;
    const start = this.#bucketStart(signature, hash);
    for (let at = start; at < start + BUCKET * ENTRY_SIZE; at += ENTRY_SIZE) {
      if (
        entries[at] === mark &&
        isAt(entries, at + SIGNATURE, signature) &&
        isAt(entries, at + HASH, hash) &&
        isAt(entries, at + PUBLIC_KEY, publicKey)
      ) {
        return true;
      }
    }
    return false;
  }

  #add(kind: number, signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): void {
    if (!fits(signature, hash, publicKey)) return;
    this.#entries ??= new Uint8Array((this.#bucketMask + 1) * BUCKET * ENTRY_SIZE);
    const entries = this.#entries;
    let at = this.#bucketStart(signature, hash);
    const end = at + BUCKET * ENTRY_SIZE;
    while (at < end && entries[at] !== 0) at += ENTRY_SIZE;
    if (at === end) at = end - (1 + (this.#nextVictim++ % BUCKET)) * ENTRY_SIZE;
    entries[at] = kind + publicKey.length;
    entries.set(hash, at + HASH);
    entries.set(signature, at + SIGNATURE);
    entries.set(publicKey, at + PUBLIC_KEY);
  }

  #bucketStart(signature: Uint8Array, hash: Uint8Array): number {
    const mixed = Math.imul(wordAt(hash, 0) ^ wordAt(signature, 4) ^ this.#secret, 0x9e3779b1);
    return ((mixed >>> 12) & this.#bucketMask) * BUCKET * ENTRY_SIZE;
  }
}

/** Any other lengths are wrong, and must not be mistaken for the beginning of an entry's. */
function fits(signature: Uint8Array, hash: Uint8Array, { length }: Uint8Array): boolean {
  return signature.length === 64 && hash.length === 32 && (length === 33 || length === 32 || length === 65);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function isAt(entries: Uint8Array, at: number, bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (entries[at + i] !== bytes[i]) return false;
  return true;
}
