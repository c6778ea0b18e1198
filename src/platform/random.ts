/** Randomness as the node sees it: the system's, or a seeded stream in tests and simulations. */
export interface Random {
  bytes(length: number): Uint8Array;
}

/** Draws of at most so many bytes, which come in large numbers and are nobody's key, are taken from one large draw. */
const SMALL_DRAW = 4;
const pool = new Uint8Array(4096);
let poolUsed = pool.length;

function smallDraw(length: number): Uint8Array {
  if (poolUsed + length > pool.length) {
    globalThis.crypto.getRandomValues(pool);
    poolUsed = 0;
  }
  const bytes = pool.slice(poolUsed, poolUsed + length);
  pool.fill(0, poolUsed, poolUsed + length);
  poolUsed += length;
  return bytes;
}

/** The platform's cryptographic randomness. */
export const systemRandom: Random = {
  bytes: (length) =>
    length <= SMALL_DRAW ? smallDraw(length) : globalThis.crypto.getRandomValues(new Uint8Array(length)),
};

/** A uniform integer in [0, bound), for 0 < bound <= 2^32. */
export function randomInt(random: Random, bound: number): number {
  if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
    throw new RangeError(`randomInt: bound must be an integer from 1 to 2^32, got ${bound}`);
  }
  // Draws above the largest multiple of `bound` are thrown away, so that no value is favoured.
  const limit = 2 ** 32 - (2 ** 32 % bound);
  for (;;) {
    const b = random.bytes(4);
    const value = (b[0]! | (b[1]! << 8) | (b[2]! << 16) | (b[3]! << 24)) >>> 0;
    if (value < limit) return value % bound;
  }
}

/** A time until the next of events that come independently of each other, every `mean` on average (Core: GetExponentialRand). */
export function exponential(random: Random, mean: number): number {
  return -Math.log1p(-randomInt(random, 2 ** 32) / 2 ** 32) * mean;
}

/** A repeatable stream (xoshiro128**) for tests and simulations; not for keys. */
export class SeededRandom implements Random {
  readonly #state = new Uint32Array(4);

  constructor(seed: number) {
    // SplitMix32 spreads a small seed over the whole state.
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

  /** The next 32 bits of the stream. */
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

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i += 4) {
      const word = this.uint32();
      for (let j = 0; j < 4 && i + j < length; j++) out[i + j] = word >>> (8 * j);
    }
    return out;
  }
}
