/** The functions of the package `secp256k1` that Pier uses. They throw on malformed arguments. */
export interface Secp256k1Bindings {
  ecdsaVerify(signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): boolean;
  ecdsaRecover(signature: Uint8Array, recoveryId: number, hash: Uint8Array, compressed: boolean): Uint8Array;
  ecdsaSign(hash: Uint8Array, secretKey: Uint8Array): { readonly signature: Uint8Array };
  /** Changes the secret key in place, as the next two do, and returns it. */
  privateKeyNegate(secretKey: Uint8Array): Uint8Array;
  privateKeyTweakAdd(secretKey: Uint8Array, tweak: Uint8Array): Uint8Array;
  privateKeyTweakMul(secretKey: Uint8Array, tweak: Uint8Array): Uint8Array;
  publicKeyCreate(secretKey: Uint8Array, compressed: boolean): Uint8Array;
  publicKeyTweakAdd(publicKey: Uint8Array, tweak: Uint8Array, compressed: boolean): Uint8Array;
  publicKeyTweakMul(publicKey: Uint8Array, tweak: Uint8Array, compressed: boolean): Uint8Array;
  ecdh(
    publicKey: Uint8Array,
    secretKey: Uint8Array,
    options: { readonly hashfn: (x: Uint8Array, y: Uint8Array) => Uint8Array },
    output: Uint8Array,
  ): Uint8Array;
}

/** Returns the point of an x-only public key (32 bytes), with even y, in compressed form (33 bytes). */
export function evenPoint(x: Uint8Array): Uint8Array {
  const point = new Uint8Array(33);
  point[0] = 2;
  point.set(x, 1);
  return point;
}

/** Returns whether a compressed point has this x (32 bytes) and an even (0) or odd (1) y. */
export function isPoint(point: Uint8Array, x: Uint8Array, parity: 0 | 1): boolean {
  if (point[0] !== 2 + parity || x.length !== 32) return false;
  for (let i = 0; i < 32; i++) if (point[i + 1] !== x[i]) return false;
  return true;
}
