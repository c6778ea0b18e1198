import { constant, type LaneCompiler, type Lanes } from './lanes.ts';

/** Returns the first 32 fractional bits of the given roots of the first primes (FIPS 180-4). */
function fractionBits(count: number, root: (prime: number) => number): number[] {
  const out: number[] = [];
  for (let candidate = 2; out.length < count; candidate++) {
    let isPrime = true;
    for (let divisor = 2; divisor * divisor <= candidate; divisor++) if (candidate % divisor === 0) isPrime = false;
    if (isPrime) out.push(Math.floor((root(candidate) % 1) * 2 ** 32));
  }
  return out;
}

/** Initial hash value (FIPS 180-4). */
export const INITIAL_STATE: readonly number[] = fractionBits(8, Math.sqrt);
/** Round constants (FIPS 180-4). */
export const ROUND_CONSTANTS: readonly number[] = fractionBits(64, Math.cbrt);

/** The eight words of the SHA-256 state, a to h. */
export type State = readonly Lanes[];

/** The initial hash value as constants. */
export const initialState: State = INITIAL_STATE.map(constant);

/** The 16 words of a message block. */
export type Message = readonly Lanes[];

/** Returns the state after the first `rounds` rounds of a block, without the final addition of the input state. */
export function runRounds(c: LaneCompiler, state: State, message: Message, rounds = 64): State {
  const words = [...message];
  let [a, b, cc, d, e, f, g, h] = state as [Lanes, Lanes, Lanes, Lanes, Lanes, Lanes, Lanes, Lanes];
  // The majority of a, b and c is b ^ ((a ^ b) & (b ^ c)), and the next round's b ^ c is this one's a ^ b.
  let differenceBefore = c.bind(c.xor(b, cc));
  for (let round = 0; round < rounds; round++) {
    if (round >= 16) words.push(scheduleWord(c, words, round));
    const choice = c.xor(g, c.and(e, c.xor(f, g)));
    const sigma1 = c.xor(c.xor(c.rotateRight(e, 6), c.rotateRight(e, 11)), c.rotateRight(e, 25));
    const added = c.bind(c.sum(h, constant(ROUND_CONSTANTS[round]!), words[round]!, choice, sigma1));
    const difference = c.bind(c.xor(a, b));
    const majority = c.xor(b, c.and(difference, differenceBefore));
    const sigma0 = c.xor(c.xor(c.rotateRight(a, 2), c.rotateRight(a, 13)), c.rotateRight(a, 22));
    [h, g, f, e] = [g, f, e, c.bind(c.sum(d, added))];
    [d, cc, b, a] = [cc, b, a, c.bind(c.sum(added, majority, sigma0))];
    differenceBefore = difference;
  }
  return [a, b, cc, d, e, f, g, h];
}

function scheduleWord(c: LaneCompiler, words: readonly Lanes[], t: number): Lanes {
  const near = words[t - 2]!;
  const far = words[t - 15]!;
  const gamma1 = c.xor(c.xor(c.rotateRight(near, 17), c.rotateRight(near, 19)), c.shiftRight(near, 10));
  const gamma0 = c.xor(c.xor(c.rotateRight(far, 7), c.rotateRight(far, 18)), c.shiftRight(far, 3));
  return c.bind(c.sum(gamma1, words[t - 7]!, gamma0, words[t - 16]!));
}

/** Returns the state after a block (FIPS 180-4). */
export function compress(c: LaneCompiler, state: State, message: Message): State {
  return runRounds(c, state, message).map((word, i) => c.bind(c.sum(word, state[i]!)));
}
