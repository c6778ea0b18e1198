import { equalBytes } from '../../bytes/compare.ts';
import { taggedHash } from '../hash.ts';
import { isZeroScalar, negateScalar, reduceScalar } from '../scalar.ts';
import type { Secp256k1Engine } from './engine.ts';
import { requirePackage } from './require.ts';

/** The part of the package `secp256k1` used here. Its functions throw where an argument makes no sense. */
interface Bindings {
  ecdsaVerify(signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): boolean;
  publicKeyCreate(secretKey: Uint8Array, compressed: boolean): Uint8Array;
  publicKeyTweakAdd(publicKey: Uint8Array, tweak: Uint8Array, compressed: boolean): Uint8Array;
  publicKeyTweakMul(publicKey: Uint8Array, tweak: Uint8Array, compressed: boolean): Uint8Array;
}

const challengeHash = taggedHash('BIP0340/challenge');

/** libsecp256k1 in C, from the package's prebuilt binaries. Throws where there is none for this platform. */
export function loadNativeEngine(): Secp256k1Engine {
  const bindings = requirePackage<Bindings>('secp256k1/bindings');

  function verifySchnorr(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
    if (signature.length !== 64 || message.length !== 32 || publicKey.length !== 32) return false;
    const r = signature.subarray(0, 32);
    const s = signature.subarray(32);
    const e = challengeHash(r, publicKey, message);
    reduceScalar(e, 0);
    // R = s * G - e * P. The steps throw for a P not on the curve, an s out of range, and an R at infinity.
    let point: Uint8Array;
    if (isZeroScalar(e, 0)) {
      bindings.publicKeyTweakMul(evenPoint(publicKey), unity, true);
      point = bindings.publicKeyCreate(s, true);
    } else {
      negateScalar(e, 0);
      const product = bindings.publicKeyTweakMul(evenPoint(publicKey), e, false);
      point = bindings.publicKeyTweakAdd(product, s, true);
    }
    return point[0] === 2 && equalBytes(point.subarray(1), r);
  }

  return {
    name: 'native',
    verifyEcdsa: (signature, hash, publicKey) => {
      try {
        return bindings.ecdsaVerify(signature, hash, publicKey);
      } catch {
        return false;
      }
    },
    verifySchnorr: (signature, message, publicKey) => {
      try {
        return verifySchnorr(signature, message, publicKey);
      } catch {
        return false;
      }
    },
    xOnlyTweakAddCheck: (internalKey, tweak, outputKey, parity) => {
      try {
        const point = bindings.publicKeyTweakAdd(evenPoint(internalKey), tweak, true);
        return point[0] === 2 + parity && equalBytes(point.subarray(1), outputKey);
      } catch {
        return false;
      }
    },
  };
}

const unity = new Uint8Array(32);
unity[31] = 1;

/** The point with an x-only key's x and an even y, compressed. */
function evenPoint(x: Uint8Array): Uint8Array {
  const point = new Uint8Array(33);
  point[0] = 2;
  point.set(x, 1);
  return point;
}
