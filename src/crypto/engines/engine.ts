/** What Pier needs of an implementation of secp256k1. Malformed input is false or undefined; nothing throws. */
export interface Secp256k1Engine {
  readonly name: 'native' | 'wasm';
  /**
   * ECDSA over a 32-byte hash. `signature` is R and S, 32 bytes each; a high S is false. The public key is compressed,
   * uncompressed or hybrid (first byte 6 or 7), as consensus has always allowed.
   */
  verifyEcdsa(signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): boolean;
  /** BIP340 over a 32-byte message; signature of 64 bytes, x-only public key of 32. */
  verifySchnorr(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
  /** Whether internalKey + tweak * G is the x-only `outputKey` with `parity` (BIP341). 32 bytes each. */
  xOnlyTweakAddCheck(internalKey: Uint8Array, tweak: Uint8Array, outputKey: Uint8Array, parity: 0 | 1): boolean;
  /** x of secret * G: 32 bytes. Undefined if the secret is not from 1 to the group's order - 1. */
  xOnlyPublicKey(secretKey: Uint8Array): Uint8Array | undefined;
  /** x of secret * P, where P is either of the points with this x: 32 bytes. Undefined if there is none. */
  xOnlyMultiply(publicKey: Uint8Array, secretKey: Uint8Array): Uint8Array | undefined;
}

/** The same function, false where it throws. */
export function orFalse<Arguments extends unknown[]>(
  verify: (...args: Arguments) => boolean,
): (...args: Arguments) => boolean {
  return (...args) => {
    try {
      return verify(...args);
    } catch {
      return false;
    }
  };
}

/** The same function, undefined where it throws. */
export function orUndefined<Arguments extends unknown[]>(
  compute: (...args: Arguments) => Uint8Array,
): (...args: Arguments) => Uint8Array | undefined {
  return (...args) => {
    try {
      return compute(...args);
    } catch {
      return undefined;
    }
  };
}
