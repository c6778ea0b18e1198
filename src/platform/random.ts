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
