/** Quotients of numbers up to here, and the cofactors that they multiply to, stay exact in a double. */
const LEADING_BITS = 52;
const LEAST_LEADING = 2 ** (LEADING_BITS / 2);

/**
 * The inverse of `value` modulo a prime, for 0 < value < prime. Lehmer's way: Euclid's quotients are found from the
 * leading bits, in doubles, and some 26 bits' worth of them are applied to the big numbers at once; five times as fast
 * as Euclid's algorithm on BigInts. The leading bits may mislead the last quotient of a round; that costs a little
 * progress, not the result, as every round keeps a = s * value and b = t * value modulo the prime.
 */
export function modularInverse(value: bigint, prime: bigint): bigint {
  let a = prime;
  let b = value;
  let s = 0n;
  let t = 1n;
  while (b !== 0n) {
    let x = Number(a);
    let y = Number(b);
    let least = 1;
    if (x >= 2 ** LEADING_BITS) {
      const scale = 2 ** (LEADING_BITS - 1 - Math.floor(Math.log2(x)));
      x = Math.floor(x * scale);
      y = Math.floor(y * scale);
      least = LEAST_LEADING;
    }
    // x = aa * a + ab * b and y = ba * a + bb * b, in their leading bits.
    let aa = 1;
    let ab = 0;
    let ba = 0;
    let bb = 1;
    while (y >= least) {
      const quotient = Math.floor(x / y);
      [x, y] = [y, x - quotient * y];
      [aa, ba] = [ba, aa - quotient * ba];
      [ab, bb] = [bb, ab - quotient * bb];
    }
    if (ab === 0) {
      // They differ so much that the leading bits of b say nothing.
      const quotient = a / b;
      [a, b] = [b, a - quotient * b];
      [s, t] = [t, s - quotient * t];
    } else {
      const [bigAa, bigAb, bigBa, bigBb] = [BigInt(aa), BigInt(ab), BigInt(ba), BigInt(bb)];
      [a, b] = [bigAa * a + bigAb * b, bigBa * a + bigBb * b];
      [s, t] = [bigAa * s + bigAb * t, bigBa * s + bigBb * t];
      if (a < 0n) [a, s] = [-a, -s];
      if (b < 0n) [b, t] = [-b, -t];
      if (a < b) [a, b, s, t] = [b, a, t, s];
    }
  }
  const inverse = s % prime;
  return inverse < 0n ? inverse + prime : inverse;
}
