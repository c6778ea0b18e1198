import { concatBytes } from '../bytes/compare.ts';
import { type Random, randomInt } from '../platform/random.ts';
import { toBigInt, writeBigInt } from './big-endian.ts';
import { invert, mod, squareRoot } from './field.ts';
import { taggedHash } from './hash.ts';
import { secp256k1 } from './secp256k1.ts';

/**
 * ElligatorSwift (BIP324): public keys as 64 bytes that nobody can tell from random ones. They are two numbers, u and t,
 * of the field; every pair stands for an x on the curve, and every x has many pairs.
 */

/** Bytes of an encoded public key. */
export const ELLSWIFT_SIZE = 64;

export interface EllswiftKeyPair {
  /** 32 bytes. */
  readonly secretKey: Uint8Array;
  /** Its public key: 64 bytes. */
  readonly encoded: Uint8Array;
}

const rootOfMinus3 = squareRoot(-3n)!;
const sharedSecretHash = taggedHash('bip324_ellswift_xonly_ecdh');

/** A new key, with a public key that is encoded at random. */
export function createEllswiftKey(random: Random): EllswiftKeyPair {
  for (;;) {
    const secretKey = random.bytes(32);
    const publicKey = secp256k1().xOnlyPublicKey(secretKey);
    // Chance will never bring a number that is no secret key.
    if (publicKey) return { secretKey, encoded: encodeEllswift(publicKey, random) };
  }
}

/** One of the encodings of an x (32 bytes, of a point), each as likely as the others. */
export function encodeEllswift(x: Uint8Array, random: Random): Uint8Array {
  const wanted = toBigInt(x);
  for (;;) {
    const u = mod(toBigInt(random.bytes(32)));
    const t = u === 0n ? undefined : swiftInverse(wanted, u, randomInt(random, 8));
    if (t === undefined) continue;
    const encoded = new Uint8Array(ELLSWIFT_SIZE);
    writeBigInt(encoded, 0, u);
    writeBigInt(encoded, 32, t);
    return encoded;
  }
}

/** The x of the public key that 64 bytes, any at all, stand for: 32 bytes. */
export function decodeEllswift(encoded: Uint8Array): Uint8Array {
  const x = new Uint8Array(32);
  writeBigInt(x, 0, swift(mod(toBigInt(encoded, 0)), mod(toBigInt(encoded, 32))));
  return x;
}

/** What only the holders of either secret key can compute: 32 bytes (BIP324: v2_ecdh). */
export function ellswiftSharedSecret(ours: EllswiftKeyPair, theirs: Uint8Array, initiating: boolean): Uint8Array {
  const x = secp256k1().xOnlyMultiply(decodeEllswift(theirs), ours.secretKey);
  if (!x) throw new RangeError('ellswiftSharedSecret: the secret key must be from 1 to the order of the group - 1');
  const [first, second] = initiating ? [ours.encoded, theirs] : [theirs, ours.encoded];
  return sharedSecretHash(concatBytes(first, second, x));
}

function curve(x: bigint): bigint {
  return mod(x * x * x + 7n);
}

/** Whether there is a point with this x. */
function isOnCurve(x: bigint): boolean {
  return squareRoot(curve(x)) !== undefined;
}

/** The x that u and t stand for (BIP324: XSwiftEC). */
export function swift(someU: bigint, someT: bigint): bigint {
  const u = someU === 0n ? 1n : someU;
  let t = someT === 0n ? 1n : someT;
  if (mod(curve(u) + t * t) === 0n) t = mod(2n * t);
  // X = (u^3 + 7 - t^2) / 2t and Y = (X + t) / (u * sqrt(-3)); x and y are the numerators over these denominators.
  const numerator = mod(curve(u) - t * t);
  const x = mod(numerator * invert(2n * t));
  const y = mod((x + t) * invert(rootOfMinus3 * u));
  const third = mod(u + 4n * y * y);
  if (isOnCurve(third)) return third;
  const ratio = mod(x * invert(y));
  const half = invert(2n);
  const second = mod((-ratio - u) * half);
  return isOnCurve(second) ? second : mod((ratio - u) * half);
}

/**
 * The t, one of at most eight for cases 0 to 7, which with u stands for x; undefined if the case has none (BIP324:
 * XSwiftECInv). x is on the curve, and u is not 0.
 */
export function swiftInverse(x: bigint, u: bigint, which: number): bigint | undefined {
  let v: bigint;
  let s: bigint;
  if ((which & 2) === 0) {
    if (isOnCurve(mod(-x - u))) return undefined;
    v = x;
    s = mod(-curve(u) * invert(u * u + u * v + v * v));
  } else {
    s = mod(x - u);
    if (s === 0n) return undefined;
    const r = squareRoot(-s * (4n * curve(u) + 3n * s * u * u));
    if (r === undefined || ((which & 1) !== 0 && r === 0n)) return undefined;
    v = mod((r * invert(s) - u) * invert(2n));
  }
  const w = squareRoot(s);
  if (w === undefined) return undefined;
  const odd = (which & 1) !== 0;
  const sum = u * (odd ? 1n + rootOfMinus3 : 1n - rootOfMinus3) * invert(2n) + v;
  const negative = odd === ((which & 4) !== 0);
  return mod(negative ? -w * sum : w * sum);
}
