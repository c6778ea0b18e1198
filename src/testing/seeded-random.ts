import type { Random } from '../platform/random.ts';

/**
 * A deterministic generator (xoshiro128**) for tests and simulations. Not cryptographically secure.
 *
 * @example
 * ```ts
 * import { toHex } from 'pier/bytes';
 * import { SeededRandom } from 'pier/testing';
 *
 * console.log(toHex(new SeededRandom(1).bytes(4)) === toHex(new SeededRandom(1).bytes(4))); // true
 * ```
 */
export class SeededRandom implements Random {
  readonly #state = new Uint32Array(4);

  constructor(seed: number) {
    // SplitMix32 expands the seed to the whole state.
    let z = seed >>> 0;
    for (let i = 0; i < 4; i++) {
      z = (z + 0x9e3779b9) >>> 0;
      let t = z ^ (z >>> 16);
      t = Math.imul(t, 0x21f0aaad);
      t ^= t >>> 15;
      t = Math.imul(t, 0x735a2d97);
      this.#state[i] = (t ^ (t >>> 15)) >>> 0;
    }
  }

  /** Returns the next uint32. */
  uint32(): number {
    const s = this.#state;
    const product = Math.imul(s[1]!, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = (s[3]! << 11) | (s[3]! >>> 21);
    return result;
  }

  /** Returns the next `length` bytes. */
  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i += 4) {
      const word = this.uint32();
      for (let j = 0; j < 4 && i + j < length; j++) out[i + j] = word >>> (8 * j);
    }
    return out;
  }
}
