import type { Secp256k1Engine } from '../crypto/engines/engine.ts';
import { secp256k1 } from '../crypto/secp256k1.ts';
import { systemRandom } from '../platform/random.ts';

/** Verifies signatures: an engine, or a cache in front of one. */
export type SignatureVerifier = Pick<Secp256k1Engine, 'verifyEcdsa' | 'verifySchnorr'>;

/** Signatures that the cache holds by default: about 10 MB. */
const DEFAULT_CAPACITY = 65_536;
/** Signatures per bucket. */
const BUCKET = 4;

/** Offsets in a cache entry. Its first byte is the kind plus the length of the key; 0 marks a free slot. */
const HASH = 1;
const SIGNATURE = HASH + 32;
const PUBLIC_KEY = SIGNATURE + 64;
const MAX_PUBLIC_KEY = 65;
const ENTRY_SIZE = PUBLIC_KEY + MAX_PUBLIC_KEY;

/** The kinds of signature. */
const SCHNORR = 0;
const ECDSA = 0x80;

/**
 * A cache of valid signatures: a transaction that is checked again, under other flags or after a reorganisation, does
 * not verify them again (Core: SignatureCache). Validity depends only on the bytes of hash, signature and public key,
 * and lookups compare all of them: entries cannot collide, and script flags (encoding rules, checked elsewhere) do not
 * matter. Invalid signatures are not cached.
 *
 * All entries are in one array. A secret salt and the bytes select a bucket; a full bucket evicts an entry. Insertion
 * copies bytes and allocates nothing.
 */
export class SignatureCache implements SignatureVerifier {
  /** A verifier that reads the cache but adds nothing: for blocks, whose signatures are rarely verified again. */
  readonly reader: SignatureVerifier = {
    verifyEcdsa: (signature, hash, publicKey) =>
      this.#has(ECDSA, signature, hash, publicKey) || secp256k1().verifyEcdsa(signature, hash, publicKey),
    verifySchnorr: (signature, hash, publicKey) =>
      this.#has(SCHNORR, signature, hash, publicKey) || secp256k1().verifySchnorr(signature, hash, publicKey),
  };

  readonly #bucketMask: number;
  /** The salt, so that peers cannot aim at a bucket. */
  readonly #secret: number;
  #entries: Uint8Array | undefined;
  #nextVictim = 0;

  /** `capacity` is in signatures: a power of two, at least 4. */
  constructor(capacity: number = DEFAULT_CAPACITY) {
    this.#bucketMask = capacity / BUCKET - 1;
    this.#secret = new DataView(systemRandom.bytes(4).buffer).getInt32(0);
  }

  /** Verifies an ECDSA signature as the engine does, and caches it if it is valid. */
  verifyEcdsa(signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): boolean {
    if (this.#has(ECDSA, signature, hash, publicKey)) return true;
    if (!secp256k1().verifyEcdsa(signature, hash, publicKey)) return false;
    this.#add(ECDSA, signature, hash, publicKey);
    return true;
  }

  /** Verifies a Schnorr signature as the engine does, and caches it if it is valid. */
  verifySchnorr(signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): boolean {
    if (this.#has(SCHNORR, signature, hash, publicKey)) return true;
    if (!secp256k1().verifySchnorr(signature, hash, publicKey)) return false;
    this.#add(SCHNORR, signature, hash, publicKey);
    return true;
  }

  /** Caches the signatures that a `SignatureRecorder` has recorded. */
  addRecorded(records: Uint8Array): void {
    for (let at = 0; at + ENTRY_SIZE <= records.length; at += ENTRY_SIZE) {
      const mark = records[at]!;
      const kind = mark & ECDSA;
      const hash = records.subarray(at + HASH, at + SIGNATURE);
      const signature = records.subarray(at + SIGNATURE, at + PUBLIC_KEY);
      const publicKey = records.subarray(at + PUBLIC_KEY, at + PUBLIC_KEY + mark - kind);
      if (!this.#has(kind, signature, hash, publicKey)) this.#add(kind, signature, hash, publicKey);
    }
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
    writeEntry(entries, at, kind, signature, hash, publicKey);
  }

  #bucketStart(signature: Uint8Array, hash: Uint8Array): number {
    const mixed = Math.imul(wordAt(hash, 0) ^ wordAt(signature, 4) ^ this.#secret, 0x9e3779b1);
    return ((mixed >>> 12) & this.#bucketMask) * BUCKET * ENTRY_SIZE;
  }
}

/** Signatures that a recorder keeps: about 330 kB. */
const MAX_RECORDS = 2_048;

/** Verifies signatures in a worker thread, and records the valid ones for the `SignatureCache` of the main thread. */
export class SignatureRecorder implements SignatureVerifier {
  #records = new Uint8Array(0);
  #count = 0;

  verifyEcdsa(signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): boolean {
    if (!secp256k1().verifyEcdsa(signature, hash, publicKey)) return false;
    this.#record(ECDSA, signature, hash, publicKey);
    return true;
  }

  verifySchnorr(signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): boolean {
    if (!secp256k1().verifySchnorr(signature, hash, publicKey)) return false;
    this.#record(SCHNORR, signature, hash, publicKey);
    return true;
  }

  /** Returns the recorded signatures, for `SignatureCache.addRecorded`, and forgets them. */
  take(): Uint8Array {
    const records = this.#records.slice(0, this.#count * ENTRY_SIZE);
    this.#count = 0;
    return records;
  }

  #record(kind: number, signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): void {
    if (this.#count === MAX_RECORDS || !fits(signature, hash, publicKey)) return;
    const at = this.#count++ * ENTRY_SIZE;
    if (at === this.#records.length) {
      const larger = new Uint8Array(Math.max(16 * ENTRY_SIZE, 2 * at));
      larger.set(this.#records);
      this.#records = larger;
    }
    writeEntry(this.#records, at, kind, signature, hash, publicKey);
  }
}

function writeEntry(
  entries: Uint8Array,
  at: number,
  kind: number,
  signature: Uint8Array,
  hash: Uint8Array,
  publicKey: Uint8Array,
): void {
  entries[at] = kind + publicKey.length;
  entries.set(hash, at + HASH);
  entries.set(signature, at + SIGNATURE);
  entries.set(publicKey, at + PUBLIC_KEY);
}

/** Returns whether the lengths are possible for a valid signature; others must not match a prefix of an entry. */
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
