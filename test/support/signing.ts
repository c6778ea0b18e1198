import secp256k1 from 'secp256k1';
import { sign, signSchnorr as signBip340 } from 'tiny-secp256k1';

// Tests sign by the thousand: this takes a twentieth of the time of the wallet's library.

/** A DER signature with low s. */
export function signEcdsa(hash: Uint8Array, secret: Uint8Array): Uint8Array {
  return Uint8Array.from(secp256k1.signatureExport(sign(hash, secret)));
}

/** A BIP340 signature, made without randomness. */
export function signSchnorr(hash: Uint8Array, secret: Uint8Array): Uint8Array {
  return signBip340(hash, secret);
}
