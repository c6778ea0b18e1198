/**
 * BIP340's verification equation, s * G = R + e * P, by the ECDSA functions of libsecp256k1: the native package has no
 * Schnorr signatures. R and P are x-only (even y); e is the challenge modulo the group order. The functions here throw,
 * as the package does, if a scalar is out of range, an x belongs to no point, or a sum is the point at infinity. In
 * each of these cases the signature is invalid.
 */
import { toBigInt, writeBigInt } from '../big-endian.ts';
import { modularInverse } from '../modular-inverse.ts';
import { isScalar, isZeroScalar, negateScalar } from '../scalar.ts';
import { evenPoint, isPoint, type Secp256k1Bindings } from './bindings.ts';

/** The group order. */
const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** The terms of BIP340's verification equation, each 32 bytes, big-endian. */
export interface SchnorrEquation {
  /** The x of R. */
  readonly r: Uint8Array;
  readonly s: Uint8Array;
  /** The challenge, below the group order. */
  readonly e: Uint8Array;
  /** The x of P, the public key. */
  readonly p: Uint8Array;
}

/** Returns whether the equation holds. Throws for some invalid signatures. */
export function verifySchnorrEquation(bindings: Secp256k1Bindings, equation: SchnorrEquation): boolean {
  // The slow path: recovery needs e != 0 and r below the order. A sender cannot produce either case on purpose.
  if (isZeroScalar(equation.e, 0) || !isScalar(equation.r, 0)) return verifyByTweaks(bindings, equation);
  return verifyByRecovery(bindings, equation);
}

/**
 * Checks P = (s * G - R) / e by ECDSA key recovery, which computes r⁻¹ * (S * R - m * G): with S = -r / e and m = S * s,
 * this is P. It takes one point multiplication instead of two, and one modular inverse. Requires e != 0 and r below the
 * order.
 */
export function verifyByRecovery(bindings: Secp256k1Bindings, { r, s, e, p }: SchnorrEquation): boolean {
  if (!isScalar(s, 0)) return false;
  const recoveryS = order - ((toBigInt(r) * modularInverse(toBigInt(e), order)) % order);
  const signature = new Uint8Array(64);
  signature.set(r);
  writeBigInt(signature, 32, recoveryS);
  const hash = new Uint8Array(32);
  writeBigInt(hash, 0, (recoveryS * toBigInt(s)) % order);
  return isPoint(bindings.ecdsaRecover(signature, 0, hash, true), p, 0);
}

/** Checks R = s * G - e * P, for any r and e. */
export function verifyByTweaks(bindings: Secp256k1Bindings, { r, s, e, p }: SchnorrEquation): boolean {
  if (isZeroScalar(e, 0)) {
    // Multiplication by one throws if the public key is not a point.
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
