import { equalBytes } from '../../bytes/compare.ts';
import { normalizeS, parseDerLax } from '../../crypto/der.ts';
import { secp256k1 } from '../../crypto/secp256k1.ts';
import { SEQUENCE_FINAL } from '../../primitives/transaction.ts';
import type { ScriptError } from '../errors.ts';
import { LOCKTIME_THRESHOLD } from '../limits.ts';
import type { SighashCache } from '../sighash/cache.ts';
import { legacySighash } from '../sighash/legacy.ts';
import { segwitV0Sighash } from '../sighash/segwit-v0.ts';
import { type TaprootContext, taprootSighash } from '../sighash/taproot.ts';
import { SigHash, SigVersion } from '../sighash/types.ts';
import type { SignatureVerifier } from '../signature-cache.ts';
import type { ScriptTracer } from './tracer.ts';

/** The bits of a sequence number (BIP68). */
const SEQUENCE_LOCKTIME_DISABLE_FLAG = 0x8000_0000;
const SEQUENCE_LOCKTIME_TYPE_FLAG = 0x0040_0000;
const SEQUENCE_LOCKTIME_MASK = 0x0000_ffff;

/** Checks signatures and lock times for the scripts of one input (Core: TransactionSignatureChecker). */
export class InputChecker {
  readonly cache: SighashCache;
  readonly inputIndex: number;
  /** Follows the scripts that run with this checker. */
  readonly tracer: ScriptTracer | undefined;
  readonly #signatures: SignatureVerifier;

  // The last signature hash: OP_CHECKMULTISIG tries one signature with many keys, and a script may have many OP_CHECKSIG.
  #code: Uint8Array | undefined;
  #sigVersion: SigVersion | undefined;
  #codeSeparatorPosition = 0;
  #hashType = 0;
  #hash: Uint8Array | undefined;

  constructor(
    cache: SighashCache,
    inputIndex: number,
    signatures: SignatureVerifier = secp256k1(),
    tracer?: ScriptTracer,
  ) {
    this.cache = cache;
    this.inputIndex = inputIndex;
    this.tracer = tracer;
    this.#signatures = signatures;
  }

  /**
   * Returns whether a DER signature, followed by its hash type, is valid (before Taproot; Core: CheckECDSASignature).
   */
  checkEcdsa(signature: Uint8Array, publicKey: Uint8Array, scriptCode: Uint8Array, sigVersion: SigVersion): boolean {
    if (signature.length === 0) return false;
    const hashType = signature[signature.length - 1]!;
    const compact = parseDerLax(signature.subarray(0, signature.length - 1));
    if (!compact) return false;
    normalizeS(compact);
    return this.#signatures.verifyEcdsa(compact, this.#ecdsaHash(scriptCode, hashType, sigVersion), publicKey);
  }

  #ecdsaHash(scriptCode: Uint8Array, hashType: number, sigVersion: SigVersion): Uint8Array {
    const isSame = this.#hash && this.#hashType === hashType && this.#sigVersion === sigVersion;
    if (!isSame || !equalBytes(this.#code!, scriptCode)) {
      const sighash = sigVersion === SigVersion.WITNESS_V0 ? segwitV0Sighash : legacySighash;
      this.#hash = sighash(this.cache, this.inputIndex, scriptCode, hashType);
      this.#code = scriptCode;
      this.#sigVersion = sigVersion;
      this.#hashType = hashType;
    }
    return this.#hash!;
  }

  /**
   * Checks a Taproot signature, 64 bytes, or 65 with a hash type, for an x-only public key; returns the script error,
   * undefined if it is valid (Core: CheckSchnorrSignature).
   */
  checkSchnorr(
    signature: Uint8Array,
    publicKey: Uint8Array,
    context: TaprootContext,
    codeSeparatorPosition: number,
  ): ScriptError | undefined {
    if (signature.length !== 64 && signature.length !== 65) return 'SCHNORR_SIG_SIZE';
    let hashType: number = SigHash.DEFAULT;
    if (signature.length === 65) {
      hashType = signature[64]!;
      if (hashType === SigHash.DEFAULT) return 'SCHNORR_SIG_HASHTYPE';
    }
    const hash = this.#schnorrHash(hashType, context, codeSeparatorPosition);
    if (!hash) return 'SCHNORR_SIG_HASHTYPE';
    return this.#signatures.verifySchnorr(signature.subarray(0, 64), hash, publicKey) ? undefined : 'SCHNORR_SIG';
  }

  #schnorrHash(hashType: number, context: TaprootContext, codeSeparatorPosition: number): Uint8Array | undefined {
    // An input has one Taproot context, so its signature hashes differ only by these two.
    if (!this.#hash || this.#hashType !== hashType || this.#codeSeparatorPosition !== codeSeparatorPosition) {
      this.#hash = taprootSighash(this.cache, this.inputIndex, hashType, context, codeSeparatorPosition);
      this.#hashType = hashType;
      this.#codeSeparatorPosition = codeSeparatorPosition;
    }
    return this.#hash;
  }

  /** Returns whether the transaction's lock time is of the same kind as `lockTime` and not below it (BIP65). */
  checkLockTime(lockTime: number): boolean {
    const own = this.cache.tx.lockTime;
    if (own < LOCKTIME_THRESHOLD !== lockTime < LOCKTIME_THRESHOLD) return false;
    if (lockTime > own) return false;
    // A final input can disable the lock time of the transaction.
    return this.cache.tx.inputs[this.inputIndex]!.sequence !== SEQUENCE_FINAL;
  }

  /** Returns whether the input's relative lock time is of the same kind as `sequence` and not below it (BIP112). */
  checkSequence(sequence: number): boolean {
    const { tx } = this.cache;
    const own = tx.inputs[this.inputIndex]!.sequence;
    if (tx.version < 2 || own & SEQUENCE_LOCKTIME_DISABLE_FLAG) return false;
    const mask = SEQUENCE_LOCKTIME_TYPE_FLAG | SEQUENCE_LOCKTIME_MASK;
    const ownMasked = own & mask;
    const masked = sequence & mask;
    if (ownMasked < SEQUENCE_LOCKTIME_TYPE_FLAG !== masked < SEQUENCE_LOCKTIME_TYPE_FLAG) return false;
    return masked <= ownMasked;
  }
}

/** Returns whether an argument of OP_CHECKSEQUENCEVERIFY (up to 39 bits) disables the check (BIP112). */
export function isSequenceDisabled(sequence: number): boolean {
  return (sequence & SEQUENCE_LOCKTIME_DISABLE_FLAG) !== 0;
}
