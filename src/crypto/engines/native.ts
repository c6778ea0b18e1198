import { sha256 } from '../hash.ts';
import { reduceScalar } from '../scalar.ts';
import { evenPoint, isPoint, type Secp256k1Bindings } from './bindings.ts';
import { orFalse, orUndefined, type Secp256k1Engine } from './engine.ts';
import { requirePackage } from './require.ts';
import { verifySchnorrEquation } from './schnorr.ts';
import { signSchnorr } from './schnorr-signing.ts';

/**
 * The preimage of BIP340's challenge: the tag hash twice, then R, P and the message. One buffer, hashed in one call.
 */
const challenge = new Uint8Array(160);
const tag = sha256(new TextEncoder().encode('BIP0340/challenge'));
challenge.set(tag, 0);
challenge.set(tag, 32);

/** Loads libsecp256k1 as native code (the package `secp256k1`). Throws if it has no binary for this platform. */
export function loadNativeEngine(): Secp256k1Engine {
  // Not the package's root, which falls back to an implementation in JavaScript.
  const bindings = requirePackage<Secp256k1Bindings>('secp256k1/bindings');
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
    signEcdsa: orUndefined((hash: Uint8Array, secretKey: Uint8Array) => bindings.ecdsaSign(hash, secretKey).signature),
    signSchnorr: orUndefined((message: Uint8Array, secretKey: Uint8Array, aux: Uint8Array) =>
      signSchnorr(bindings, message, secretKey, aux),
    ),
    publicKey: orUndefined((secretKey: Uint8Array) => bindings.publicKeyCreate(secretKey, true)),
    secretTweakAdd: orUndefined((secretKey: Uint8Array, tweak: Uint8Array) =>
      bindings.privateKeyTweakAdd(Uint8Array.from(secretKey), tweak),
    ),
    xOnlyTweakAdd: orUndefined((internalKey: Uint8Array, tweak: Uint8Array) =>
      bindings.publicKeyTweakAdd(evenPoint(internalKey), tweak, true),
    ),
    xOnlyPublicKey: orUndefined((secretKey: Uint8Array) => bindings.publicKeyCreate(secretKey, true).slice(1)),
    // ECDH, because it is constant-time in the secret; a tweak multiplication is not.
    xOnlyMultiply: orUndefined((publicKey: Uint8Array, secretKey: Uint8Array) =>
      bindings.ecdh(evenPoint(publicKey), secretKey, { hashfn: (x) => x }, new Uint8Array(32)),
    ),
  };
}
