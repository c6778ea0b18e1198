/**
 * Scripts: the interpreter with all consensus and policy flags, signature hashes, standard output types, addresses and
 * keys in WIF. Runs in browsers as well.
 *
 * @example
 * ```ts
 * import { fromHex } from 'pier/bytes';
 * import { chainParams } from 'pier/consensus';
 * import { disassemble, encodeAddress, solve } from 'pier/script';
 *
 * const scriptPubKey = fromHex('0014751e76e8199196d454941c45d1b3a323f1433bd6');
 * console.log(disassemble(scriptPubKey)); // 0 751e76e8199196d454941c45d1b3a323f1433bd6
 * console.log(solve(scriptPubKey).type); // witness_v0_keyhash
 * console.log(encodeAddress(scriptPubKey, chainParams('main').address)); // bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4
 * ```
 *
 * @module pier/script
 * @packageDocumentation
 */

export {
  AddressError,
  type AddressErrorCode,
  type AddressPrefixes,
  decodeAddress,
  decodeBase58check,
  encodeAddress,
} from './address.ts';
export { disassemble } from './asm.ts';
export { ScriptCursor } from './cursor.ts';
export { type ScriptError, scriptErrorString } from './errors.ts';
export {
  MANDATORY_SCRIPT_VERIFY_FLAGS,
  ScriptFlag,
  type ScriptFlagName,
  STANDARD_SCRIPT_VERIFY_FLAGS,
} from './flags.ts';
export { InputChecker } from './interpreter/checker.ts';
export type { ScriptPhase, ScriptTracer, TracedMachine } from './interpreter/tracer.ts';
export {
  ANNEX_TAG,
  LOCKTIME_THRESHOLD,
  MAX_OPS_PER_SCRIPT,
  MAX_PUBKEYS_PER_MULTISIG,
  MAX_SCRIPT_ELEMENT_SIZE,
  MAX_SCRIPT_SIZE,
  MAX_STACK_SIZE,
  TAPROOT_LEAF_TAPSCRIPT,
} from './limits.ts';
export { castToBool, decodeScriptNumber, encodeScriptNumber } from './number.ts';
export { isOpSuccess, Op, type OpName, opcodeName } from './opcodes.ts';
export {
  compileScript,
  isMinimalPush,
  isPayToAnchor,
  isPayToScriptHash,
  isPushOnly,
  isUnspendable,
  parseScript,
  pushBytes,
  type ScriptOperation,
  witnessProgram,
  witnessVersion,
} from './script.ts';
export { SighashCache } from './sighash/cache.ts';
export { legacySighash } from './sighash/legacy.ts';
export type { PreimageField, PreimageFieldName, SighashParts } from './sighash/parts.ts';
export { segwitV0Sighash } from './sighash/segwit-v0.ts';
export { annexHash, NO_CODE_SEPARATOR, type TaprootContext, taprootSighash } from './sighash/taproot.ts';
export { SigHash, SigVersion } from './sighash/types.ts';
export { SignatureCache, type SignatureVerifier } from './signature-cache.ts';
export { countWitnessSigOps, legacySigOpCount, p2shSigOpCount } from './sigops.ts';
export { type OutputType, type SolvedOutput, solve } from './standard.ts';
export { tapBranchHash, tapLeafHash, tapTweakHash } from './taproot.ts';
export {
  type ScriptPlace,
  type ScriptTrace,
  type TracedPhase,
  type TracedSignature,
  type TracedState,
  type TracedStep,
  type TraceOptions,
  traceInput,
} from './trace.ts';
export { verifyInput, verifyScript } from './verify.ts';
export { decodeWif, encodeWif, type WifKey } from './wif.ts';
