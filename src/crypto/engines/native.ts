import { sha256 } from '../hash.ts';
import { reduceScalar } from '../scalar.ts';
import { type Bindings, evenPoint, isPoint } from './bindings.ts';
import { orFalse, orUndefined, type Secp256k1Engine } from './engine.ts';
import { requirePackage } from './require.ts';
import { verifySchnorrEquation } from './schnorr.ts';

/** The tag's hash twice, then room for R, P and the message: BIP340's challenge, hashed in one call. */
const challenge = new Uint8Array(160);
const tag = sha256(new TextEncoder().encode('BIP0340/challenge'));
challenge.set(tag, 0);
challenge.set(tag, 32);

/** libsecp256k1 in C, from the package's prebuilt binaries. Throws where there is none for this platform. */
export function loadNativeEngine(): Secp256k1Engine {
  // Not the package itself: that would fall back to an implementation in JavaScript.
  const bindings = requirePackage<Bindings>('secp256k1/bindings');
  return {
    name: 'native',
    verifyEcdsa: orFalse(bindings.ecdsaVerify),
    verifySchnorr: orFalse((signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) => {
      if (signature.length !== 64 || message.length !== 32 || publicKey.length !== 32) return false;
      const r = signature.subarray(0, 32);
      challenge.set(r, 64);
      challenge.set(publicKey, 96);
      challenge.set(message, 128);
      const e = sha256(challenge);
      reduceScalar(e, 0);
      return verifySchnorrEquation(bindings, { r, s: signature.subarray(32), e, p: publicKey });
    }),
    xOnlyTweakAddCheck: orFalse((internalKey: Uint8Array, tweak: Uint8Array, outputKey: Uint8Array, parity: 0 | 1) =>
      isPoint(bindings.publicKeyTweakAdd(evenPoint(internalKey), tweak, true), outputKey, parity),
    ),
    xOnlyPublicKey: orUndefined((secretKey: Uint8Array) => bindings.publicKeyCreate(secretKey, true).slice(1)),
    // Unlike a tweak, this takes the same time for every secret.
    xOnlyMultiply: orUndefined((publicKey: Uint8Array, secretKey: Uint8Array) =>
      bindings.ecdh(evenPoint(publicKey), secretKey, { hashfn: (x) => x }, new Uint8Array(32)),
    ),
  };
}
