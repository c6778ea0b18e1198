/** The script layer: what outputs demand, what inputs offer, and whether the one meets the other. */
export * from './address.ts';
export { disassemble } from './asm.ts';
export { ScriptCursor } from './cursor.ts';
export { type ScriptError, scriptErrorString } from './errors.ts';
export * from './flags.ts';
export { InputChecker } from './interpreter/checker.ts';
export * from './limits.ts';
export { castToBool, decodeScriptNumber, encodeScriptNumber } from './number.ts';
export { isOpSuccess, Op, type OpName, opcodeName } from './opcodes.ts';
export * from './script.ts';
export * from './sighash/index.ts';
export { countWitnessSigOps, legacySigOpCount, p2shSigOpCount } from './sigops.ts';
export { type OutputType, type SolvedOutput, solve } from './standard.ts';
export { tapBranchHash, tapLeafHash, tapTweakHash } from './taproot.ts';
export { verifyInput, verifyScript } from './verify.ts';
export { decodeWif, encodeWif, type WifKey } from './wif.ts';
