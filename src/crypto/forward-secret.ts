import { chacha20Stream, NONCE_SIZE, open, seal } from './chacha20.ts';

/**
 * The rekeying ciphers of BIP324. Each derives a new key from the old one after a fixed number of messages (forward
 * secrecy): a leaked key does not decrypt earlier messages.
 */

/** Messages per key (BIP324: REKEY_INTERVAL). */
const REKEY_INTERVAL = 224;
const KEY_SIZE = 32;

/** Returns a 12-byte nonce: a message counter (uint32), then the rekey counter (uint64), both little-endian. */
function nonceOf(count: number, keyNumber: number): Uint8Array {
  const nonce = new Uint8Array(NONCE_SIZE);
  const view = new DataView(nonce.buffer);
  view.setUint32(0, count, true);
  view.setUint32(4, keyNumber, true);
  view.setUint32(8, Math.floor(keyNumber / 2 ** 32), true);
  return nonce;
}

/** A forward-secret stream cipher for chunks of a fixed size, without authentication (BIP324: FSChaCha20). */
export class FSChaCha20 {
  readonly #chunkSize: number;
  #keyNumber = 0;
  /** The key stream for all chunks under the current key, then the next key. */
  #stream: Uint8Array;
  #used = 0;

  constructor(key: Uint8Array, chunkSize: number) {
    this.#chunkSize = chunkSize;
    this.#stream = this.#streamOf(key);
  }

  #streamOf(key: Uint8Array): Uint8Array {
    return chacha20Stream(key, nonceOf(0, this.#keyNumber), REKEY_INTERVAL * this.#chunkSize + KEY_SIZE);
  }

  /** Encrypts or decrypts the next chunk in place; it is at the start of `bytes`. */
  crypt(bytes: Uint8Array): void {
    for (let i = 0; i < this.#chunkSize; i++) bytes[i]! ^= this.#stream[this.#used++]!;
    if (this.#used < REKEY_INTERVAL * this.#chunkSize) return;
    const nextKey = this.#stream.subarray(this.#used);
    this.#keyNumber++;
    this.#used = 0;
    this.#stream = this.#streamOf(nextKey);
  }
}

/** A forward-secret authenticated cipher for messages of any size (BIP324: FSChaCha20Poly1305). */
export class FSChaCha20Poly1305 {
  #key: Uint8Array;
  #keyNumber = 0;
  #count = 0;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** Encrypts the next message, given in parts; returns the ciphertext of each part and then the tag. */
  seal(aad: Uint8Array, parts: readonly Uint8Array[]): Uint8Array[] {
    const sealed = seal(this.#key, nonceOf(this.#count, this.#keyNumber), aad, parts);
    this.#next();
    return sealed;
  }

  /** Decrypts the next message; undefined if authentication fails, after which the cipher must not be used again. */
  open(aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const message = open(this.#key, nonceOf(this.#count, this.#keyNumber), aad, sealed);
    this.#next();
    return message;
  }

  #next(): void {
    if (++this.#count < REKEY_INTERVAL) return;
    [this.#key] = seal(this.#key, nonceOf(0xffff_ffff, this.#keyNumber), new Uint8Array(0), [
      new Uint8Array(KEY_SIZE),
    ]) as [Uint8Array];
    this.#keyNumber++;
    this.#count = 0;
  }
}
