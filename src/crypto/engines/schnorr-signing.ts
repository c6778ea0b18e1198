/**
 * BIP340 signing by the key functions of libsecp256k1, for the native package, which has no Schnorr signatures. The
 * functions throw if a scalar is out of range; a signer cannot come upon the nonces for which that happens.
 */
import { taggedHash } from '../hash.ts';
import { reduceScalar } from '../scalar.ts';
import type { Secp256k1Bindings } from './bindings.ts';

const auxHash = taggedHash('BIP0340/aux');
const nonceHash = taggedHash('BIP0340/nonce');
const challengeHash = taggedHash('BIP0340/challenge');

/** Returns the signature of a 32-byte message, 64 bytes. The nonce follows from key, message and `aux` (32 bytes). */
export function signSchnorr(
  bindings: Secp256k1Bindings,
  message: Uint8Array,
  secretKey: Uint8Array,
  aux: Uint8Array,
): Uint8Array {
  const [secret, publicKey] = evenKey(bindings, secretKey);
  const masked = auxHash(aux);
  for (let i = 0; i < 32; i++) masked[i]! ^= secret[i]!;
  const seed = Uint8Array.from(nonceHash(masked, publicKey, message));
  reduceScalar(seed, 0);
  const [nonce, r] = evenKey(bindings, seed);
  const e = Uint8Array.from(challengeHash(r, publicKey, message));
  reduceScalar(e, 0);
  const signature = new Uint8Array(64);
  signature.set(r);
  // s = nonce + e * secret
  signature.set(bindings.privateKeyTweakAdd(bindings.privateKeyTweakMul(secret, e), nonce), 32);
  return signature;
}

/** Returns the secret of the point with even y, as a copy, and the x of that point. */
function evenKey(bindings: Secp256k1Bindings, secretKey: Uint8Array): [secret: Uint8Array, x: Uint8Array] {
  const secret = Uint8Array.from(secretKey);
  const point = bindings.publicKeyCreate(secret, true);
  if (point[0] === 3) bindings.privateKeyNegate(secret);
  return [secret, point.slice(1)];
}
