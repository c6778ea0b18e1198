/** The node's source of randomness: the system's, or a seeded generator in tests and simulations. */
export interface Random {
  /** Returns `length` random bytes. */
  bytes(length: number): Uint8Array;
}

/** Bytes up to which a draw is served from a pool: such draws are frequent, and too short to be keys. */
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

/** The cryptographically secure generator of the platform (Web Crypto). */
export const systemRandom: Random = {
  bytes: (length) =>
    length <= SMALL_DRAW ? smallDraw(length) : globalThis.crypto.getRandomValues(new Uint8Array(length)),
};

/** Returns a uniform integer in [0, bound). Throws `RangeError` unless `bound` is an integer from 1 to 2^32. */
export function randomInt(random: Random, bound: number): number {
  if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
    throw new RangeError(`randomInt: bound must be an integer from 1 to 2^32, got ${bound}`);
  }
  // Rejection sampling: a draw above the largest multiple of `bound` would bias the result.
  const limit = 2 ** 32 - (2 ** 32 % bound);
  for (;;) {
    const b = random.bytes(4);
    const value = (b[0]! | (b[1]! << 8) | (b[2]! << 16) | (b[3]! << 24)) >>> 0;
    if (value < limit) return value % bound;
  }
}

/** Returns an exponentially distributed delay of the given mean, in the unit of `mean` (Core: rand_exp_duration). */
export function exponential(random: Random, mean: number): number {
  return -Math.log1p(-randomInt(random, 2 ** 32) / 2 ** 32) * mean;
}
