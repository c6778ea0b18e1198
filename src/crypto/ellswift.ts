import { concatBytes } from '../bytes/compare.ts';
import { type Random, randomInt } from '../platform/random.ts';
import { toBigInt, writeBigInt } from './big-endian.ts';
import { invert, mod, squareRoot } from './field.ts';
import { taggedHash } from './hash.ts';
import { secp256k1 } from './secp256k1.ts';

/**
 * ElligatorSwift (BIP324): an encoding of public keys as 64 bytes that are indistinguishable from random bytes. The
 * bytes are two field elements, u and t, big-endian. Every pair decodes to the x of a point, and every x has many
 * encodings.
 */

/** Bytes of an encoded public key: u and t, 32 each. */
export const ELLSWIFT_SIZE = 64;

/** An ephemeral key pair of a v2 transport handshake. */
export interface EllswiftKeyPair {
  /** 32 bytes, big-endian. */
  readonly secretKey: Uint8Array;
  /** The ElligatorSwift encoding of the public key: 64 bytes. */
  readonly encoded: Uint8Array;
}

const rootOfMinus3 = squareRoot(-3n)!;
const sharedSecretHash = taggedHash('bip324_ellswift_xonly_ecdh');

/** Returns a new key pair; its public key has a random encoding. */
export function createEllswiftKey(random: Random): EllswiftKeyPair {
  for (;;) {
    const secretKey = random.bytes(32);
    const publicKey = secp256k1().xOnlyPublicKey(secretKey);
    // Undefined only for 0 and for numbers from the group order on, which are practically never drawn.
    if (publicKey) return { secretKey, encoded: encodeEllswift(publicKey, random) };
  }
}

/** Returns a uniformly random encoding (64 bytes) of `x`, 32 big-endian bytes that must be the x of a point. */
export function encodeEllswift(x: Uint8Array, random: Random): Uint8Array {
  const wanted = toBigInt(x);
  for (;;) {
    const u = mod(toBigInt(random.bytes(32)));
    const t = u === 0n ? undefined : xSwiftEcInv(wanted, u, randomInt(random, 8));
    if (t === undefined) continue;
    const encoded = new Uint8Array(ELLSWIFT_SIZE);
    writeBigInt(encoded, 0, u);
    writeBigInt(encoded, 32, t);
    return encoded;
  }
}

/** Decodes any 64 bytes to the x of a public key: 32 bytes, big-endian. */
export function decodeEllswift(encoded: Uint8Array): Uint8Array {
  const x = new Uint8Array(32);
  writeBigInt(x, 0, xSwiftEc(mod(toBigInt(encoded, 0)), mod(toBigInt(encoded, 32))));
  return x;
}

/**
 * Returns the ECDH secret of a v2 connection: 32 bytes (BIP324: v2_ecdh). `theirs` is the encoded public key of the
 * peer, `initiating` whether this side opened the connection. Throws `RangeError` if our secret key is out of range.
 */
export function ellswiftSharedSecret(ours: EllswiftKeyPair, theirs: Uint8Array, initiating: boolean): Uint8Array {
  const x = secp256k1().xOnlyMultiply(decodeEllswift(theirs), ours.secretKey);
  if (!x) throw new RangeError('ellswiftSharedSecret: the secret key must be from 1 to the order of the group - 1');
  const [first, second] = initiating ? [ours.encoded, theirs] : [theirs, ours.encoded];
  return sharedSecretHash(concatBytes(first, second, x));
}

function curve(x: bigint): bigint {
  return mod(x * x * x + 7n);
}

/** Returns whether a point with this x exists. */
function isOnCurve(x: bigint): boolean {
  return squareRoot(curve(x)) !== undefined;
}

/** Returns the x that the field elements u and t encode (BIP324: XSwiftEC). */
export function xSwiftEc(someU: bigint, someT: bigint): bigint {
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
 * Returns the t that encodes x together with u in case `which` (0 to 7); undefined if that case has none (BIP324:
 * XSwiftECInv). x must be the x of a point, and u nonzero.
 */
export function xSwiftEcInv(x: bigint, u: bigint, which: number): bigint | undefined {
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
