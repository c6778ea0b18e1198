import { fromHex, toHex } from '../../bytes/hex.ts';
import { chacha20Stream } from '../../crypto/chacha20.ts';
import { sha256 } from '../../crypto/hash.ts';

const SIZE = 384;
const BITS = 3072n;
/** 2^3072 minus this is prime (Core: MAX_PRIME_DIFF). */
const PRIME_DIFFERENCE = 1103717n;
const PRIME = (1n << BITS) - PRIME_DIFFERENCE;
const LOW_BITS = (1n << BITS) - 1n;
const NONCE = new Uint8Array(12);

/**
 * Hashes a set regardless of order (Core: MuHash3072). ChaCha20, keyed by its SHA-256, expands each element to a
 * 3,072-bit number; the set is the product of these numbers modulo a prime.
 */
export class MuHash {
  #product = 1n;

  /** Adds an element to the set. */
  add(element: Uint8Array): void {
    this.#product = reduce(this.#product * toNumber(element));
  }

  /** Returns the hash of the set: 32 bytes in internal order. */
  digest(): Uint8Array {
    const hex = (this.#product % PRIME).toString(16).padStart(2 * SIZE, '0');
    return sha256(fromHex(hex).reverse());
  }
}

function toNumber(element: Uint8Array): bigint {
  return BigInt(`0x${toHex(chacha20Stream(sha256(element), NONCE, SIZE).reverse())}`);
}

/** Reduces a product of two factors to less than 2^3072, which may still exceed the prime. */
function reduce(value: bigint): bigint {
  let rest = value;
  while (rest > LOW_BITS) rest = (rest & LOW_BITS) + (rest >> BITS) * PRIME_DIFFERENCE;
  return rest;
}
