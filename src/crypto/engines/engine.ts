/** An implementation of secp256k1. No method throws: malformed input gives false or undefined. */
export interface Secp256k1Engine {
  readonly name: 'native' | 'wasm';
  /**
   * Verifies an ECDSA signature over a 32-byte hash. `signature` is R and S, 32 big-endian bytes each; a high S is
   * invalid. The public key is compressed, uncompressed or hybrid (first byte 6 or 7), as consensus allows.
   */
  verifyEcdsa(signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): boolean;
  /** Verifies a BIP340 signature (64 bytes) over a 32-byte message; the public key is x-only (32 bytes). */
  verifySchnorr(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
  /** Returns whether internalKey + tweak * G is the x-only `outputKey` with `parity` (BIP341). 32 bytes each. */
  xOnlyTweakAddCheck(internalKey: Uint8Array, tweak: Uint8Array, outputKey: Uint8Array, parity: 0 | 1): boolean;
  /**
   * Signs a 32-byte hash with a secret key of 32 bytes; the nonce is that of RFC 6979. Returns R and S, 64 bytes, with a
   * low S. Undefined for an invalid key.
   */
  signEcdsa(hash: Uint8Array, secretKey: Uint8Array): Uint8Array | undefined;
  /** Returns the BIP340 signature (64 bytes) of a 32-byte message, with `aux` (32 bytes). Undefined for an invalid key. */
  signSchnorr(message: Uint8Array, secretKey: Uint8Array, aux: Uint8Array): Uint8Array | undefined;
  /** Returns the compressed public key (33 bytes). Undefined unless the secret is from 1 to the group order - 1. */
  publicKey(secretKey: Uint8Array): Uint8Array | undefined;
  /** Returns secret + tweak modulo the group order, 32 bytes. Undefined if a scalar is invalid or the sum is 0. */
  secretTweakAdd(secretKey: Uint8Array, tweak: Uint8Array): Uint8Array | undefined;
  /** Returns internalKey + tweak * G, compressed: 33 bytes. The key is x-only. Undefined if there is no such point. */
  xOnlyTweakAdd(internalKey: Uint8Array, tweak: Uint8Array): Uint8Array | undefined;
  /** Returns the x of secret * G: 32 bytes. Undefined unless the secret is from 1 to the group order - 1. */
  xOnlyPublicKey(secretKey: Uint8Array): Uint8Array | undefined;
  /** Returns the x of secret * P (32 bytes), P having x `publicKey`. Undefined for an invalid secret or no such point. */
  xOnlyMultiply(publicKey: Uint8Array, secretKey: Uint8Array): Uint8Array | undefined;
}

/** Wraps `verify` to return false where it throws. */
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

/** Wraps `compute` to return undefined where it throws. */
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
