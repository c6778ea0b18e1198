import { createCipheriv } from 'node:crypto';
import { sha256 } from '../../crypto/hash.ts';

const SIZE = 384;
const BITS = 3072n;
/** The largest prime below 2^3072 is this much smaller. */
const PRIME_DIFFERENCE = 1103717n;
const PRIME = (1n << BITS) - PRIME_DIFFERENCE;
const LOW_BITS = (1n << BITS) - 1n;
const ZEROS = new Uint8Array(SIZE);
const CHACHA_START = new Uint8Array(16);

/**
 * A hash of a set, whatever its order (MuHash3072): each element is a number of 3,072 bits, made of its SHA-256 by
 * ChaCha20, and the set is their product modulo a prime.
 */
export class MuHash {
  #product = 1n;

  add(element: Uint8Array): void {
    this.#product = reduce(this.#product * toNumber(element));
  }

  /** 32 bytes, in internal order. */
  digest(): Uint8Array {
    const hex = (this.#product % PRIME).toString(16).padStart(2 * SIZE, '0');
    return sha256(Buffer.from(hex, 'hex').reverse());
  }
}

function toNumber(element: Uint8Array): bigint {
  const stream = createCipheriv('chacha20', sha256(element), CHACHA_START).update(ZEROS);
  return BigInt(`0x${stream.reverse().toString('hex')}`);
}

/** Brings a product of two factors below 2^3072, if not below the prime. */
function reduce(value: bigint): bigint {
  let rest = value;
  while (rest > LOW_BITS) rest = (rest & LOW_BITS) + (rest >> BITS) * PRIME_DIFFERENCE;
  return rest;
}
