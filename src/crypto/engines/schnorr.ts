/**
 * BIP340's equation, s * G = R + e * P, from what libsecp256k1 offers for ECDSA: the native package has no Schnorr
 * signatures. R and P are given by their x, their y being even; e is the challenge, already reduced. These throw, as
 * the package does, where a number is out of range, an x is on no point, or a sum is the point at infinity: each of
 * them a false signature.
 */
import { toBigInt, writeBigInt } from '../big-endian.ts';
import { modularInverse } from '../modular-inverse.ts';
import { isScalar, isZeroScalar, negateScalar } from '../scalar.ts';
import { type Bindings, evenPoint, isPoint } from './bindings.ts';

/** The group's order. */
const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

export interface SchnorrEquation {
  /** x of R: 32 bytes, like all of these. */
  readonly r: Uint8Array;
  readonly s: Uint8Array;
  readonly e: Uint8Array;
  /** x of P, the public key. */
  readonly p: Uint8Array;
}

/** Whether the equation holds. */
export function verifySchnorrEquation(bindings: Bindings, equation: SchnorrEquation): boolean {
  // Neither of these can be brought about on purpose.
  if (isZeroScalar(equation.e, 0) || !isScalar(equation.r, 0)) return verifyByTweaks(bindings, equation);
  return verifyByRecovery(bindings, equation);
}

/**
 * P = (s * G - R) / e is what ECDSA's key recovery computes, r⁻¹ * (S * R - m * G), for S = -r / e and m = S * s. One
 * multiplication of points instead of two, for the price of an inverse. e is not zero, and r is below the order.
 */
export function verifyByRecovery(bindings: Bindings, { r, s, e, p }: SchnorrEquation): boolean {
  if (!isScalar(s, 0)) return false;
  const recoveryS = order - ((toBigInt(r) * modularInverse(toBigInt(e), order)) % order);
  const signature = new Uint8Array(64);
  signature.set(r);
  writeBigInt(signature, 32, recoveryS);
  const hash = new Uint8Array(32);
  writeBigInt(hash, 0, (recoveryS * toBigInt(s)) % order);
  return isPoint(bindings.ecdsaRecover(signature, 0, hash, true), p, 0);
}

/** R = s * G - e * P, for every r and e. */
export function verifyByTweaks(bindings: Bindings, { r, s, e, p }: SchnorrEquation): boolean {
  if (isZeroScalar(e, 0)) {
    // Multiplied by one, so that a key that is no point is found out here too.
    bindings.publicKeyTweakMul(evenPoint(p), one, true);
    return isPoint(bindings.publicKeyCreate(s, true), r, 0);
  }
  const negated = Uint8Array.from(e);
  negateScalar(negated, 0);
  const product = bindings.publicKeyTweakMul(evenPoint(p), negated, false);
  return isPoint(bindings.publicKeyTweakAdd(product, s, true), r, 0);
}

const one = new Uint8Array(32);
one[31] = 1;
