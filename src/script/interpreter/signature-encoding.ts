import { isHighS, isStrictDer, parseDerLax } from '../../crypto/der.ts';
import type { ScriptError } from '../errors.ts';
import { ScriptFlag } from '../flags.ts';
import { SigHash, SigVersion } from '../sighash/types.ts';

/**
 * Checks the encoding of an ECDSA signature, followed by its hash type, under the flags; returns the script error
 * (Core: CheckSignatureEncoding).
 */
export function checkSignatureEncoding(signature: Uint8Array, flags: number): ScriptError | undefined {
  // An empty signature is a compact way to provide an invalid one.
  if (signature.length === 0) return undefined;
  if ((flags & (ScriptFlag.DERSIG | ScriptFlag.LOW_S | ScriptFlag.STRICTENC)) === 0) return undefined;
  const der = signature.subarray(0, signature.length - 1);
  if (!isStrictDer(der)) return 'SIG_DER';
  if (flags & ScriptFlag.LOW_S) {
    const compact = parseDerLax(der);
    if (compact && isHighS(compact)) return 'SIG_HIGH_S';
  }
  if (flags & ScriptFlag.STRICTENC && !isDefinedHashType(signature[signature.length - 1]!)) return 'SIG_HASHTYPE';
  return undefined;
}

function isDefinedHashType(hashType: number): boolean {
  const output = hashType & ~SigHash.ANYONECANPAY;
  return output >= SigHash.ALL && output <= SigHash.SINGLE;
}

/** Checks the encoding of a public key under the flags; returns the script error (Core: CheckPubKeyEncoding). */
export function checkPublicKeyEncoding(
  publicKey: Uint8Array,
  flags: number,
  sigVersion: SigVersion,
): ScriptError | undefined {
  if (flags & ScriptFlag.STRICTENC && !isCompressed(publicKey) && !isUncompressed(publicKey)) return 'PUBKEYTYPE';
  if (flags & ScriptFlag.WITNESS_PUBKEYTYPE && sigVersion === SigVersion.WITNESS_V0 && !isCompressed(publicKey)) {
    return 'WITNESS_PUBKEYTYPE';
  }
  return undefined;
}

function isCompressed(publicKey: Uint8Array): boolean {
  return publicKey.length === 33 && (publicKey[0] === 2 || publicKey[0] === 3);
}

function isUncompressed(publicKey: Uint8Array): boolean {
  return publicKey.length === 65 && publicKey[0] === 4;
}
