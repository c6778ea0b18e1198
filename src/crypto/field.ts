import { modularInverse } from './modular-inverse.ts';

/** The prime of secp256k1's field, p. */
export const FIELD_PRIME = 2n ** 256n - 2n ** 32n - 977n;

/** Returns `value` modulo p, from 0 to p - 1. */
export function mod(value: bigint): bigint {
  const rest = value % FIELD_PRIME;
  return rest < 0n ? rest + FIELD_PRIME : rest;
}

/** Returns the inverse of `value` modulo p. `value` must not be a multiple of p. */
export function invert(value: bigint): bigint {
  return modularInverse(mod(value), FIELD_PRIME);
}

function squared(value: bigint, times: number): bigint {
  let power = value;
  for (let i = 0; i < times; i++) power = (power * power) % FIELD_PRIME;
  return power;
}

/**
 * Returns the square root modulo p that is itself a square; undefined if `value` has no root. The root is
 * value^((p + 1) / 4). The exponent in binary is 223 ones, a zero, 22 ones, four zeros, two ones and two zeros; the
 * addition chain builds runs of ones from shorter runs.
 */
export function squareRoot(value: bigint): bigint | undefined {
  const a = mod(value);
  const ones2 = (squared(a, 1) * a) % FIELD_PRIME;
  const ones3 = (squared(ones2, 1) * a) % FIELD_PRIME;
  const ones6 = (squared(ones3, 3) * ones3) % FIELD_PRIME;
  const ones9 = (squared(ones6, 3) * ones3) % FIELD_PRIME;
  const ones11 = (squared(ones9, 2) * ones2) % FIELD_PRIME;
  const ones22 = (squared(ones11, 11) * ones11) % FIELD_PRIME;
  const ones44 = (squared(ones22, 22) * ones22) % FIELD_PRIME;
  const ones88 = (squared(ones44, 44) * ones44) % FIELD_PRIME;
  const ones176 = (squared(ones88, 88) * ones88) % FIELD_PRIME;
  const ones220 = (squared(ones176, 44) * ones44) % FIELD_PRIME;
  const ones223 = (squared(ones220, 3) * ones3) % FIELD_PRIME;
  const upper = (squared(ones223, 23) * ones22) % FIELD_PRIME;
  const root = squared((squared(upper, 6) * ones2) % FIELD_PRIME, 2);
  return (root * root) % FIELD_PRIME === a ? root : undefined;
}
