/** Leading bits per round: quotients of such numbers, and the cofactors built from them, are exact in a double. */
const LEADING_BITS = 52;
const LEAST_LEADING = 2 ** (LEADING_BITS / 2);

/**
 * Returns the inverse of `value` modulo `prime`, for 0 < value < prime. Uses Lehmer's algorithm: Euclid's quotients
 * come from the leading bits, in doubles, and about 26 bits of them are applied to the BigInts at once. This is five
 * times as fast as Euclid's algorithm on BigInts. The last quotient of a round may be wrong, which costs progress but
 * not correctness: each round preserves a = s * value and b = t * value modulo the prime.
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
    // Invariant, in the leading bits: x = aa * a + ab * b and y = ba * a + bb * b.
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
      // a and b differ too much in size for a quotient from the leading bits.
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
