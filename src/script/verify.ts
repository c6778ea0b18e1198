import { equalBytes } from '../bytes/compare.ts';
import type { Transaction } from '../primitives/transaction.ts';
import type { ScriptError } from './errors.ts';
import { ScriptFlag } from './flags.ts';
import { InputChecker } from './interpreter/checker.ts';
import { runScript } from './interpreter/interpreter.ts';
import { Machine } from './interpreter/machine.ts';
import { castToBool } from './number.ts';
import { isPayToScriptHash, isPushOnly, pushBytes, witnessProgram, witnessVersion } from './script.ts';
import type { SighashCache } from './sighash/cache.ts';
import { SigVersion } from './sighash/types.ts';
import type { SignatureVerifier } from './signature-cache.ts';
import { verifyWitnessProgram } from './witness.ts';

/**
 * Why an input may not spend its output under the given `ScriptFlag`s, undefined if it may. `cache` is the
 * transaction's own, made once and shared by its inputs, and has the output. `signatures` may remember those it has judged.
 * No script makes this throw.
 */
export function verifyInput(
  tx: Transaction,
  inputIndex: number,
  cache: SighashCache,
  flags: number,
  signatures?: SignatureVerifier,
): ScriptError | undefined {
  const { scriptSig, witness } = tx.inputs[inputIndex]!;
  const { scriptPubKey } = cache.spentOutputs[inputIndex]!;
  return verifyScript(scriptSig, scriptPubKey, witness, flags, new InputChecker(cache, inputIndex, signatures));
}

/** The same with every part given (Core: VerifyScript). */
export function verifyScript(
  scriptSig: Uint8Array,
  scriptPubKey: Uint8Array,
  witness: readonly Uint8Array[],
  flags: number,
  checker: InputChecker,
): ScriptError | undefined {
  const hasWitness = (flags & ScriptFlag.WITNESS) !== 0;
  if (hasWitness && scriptSig.length === 0 && witnessVersion(scriptPubKey) >= 0) {
    // What running it would come to: the version and the program on the stack, the program being the verdict.
    if (!castToBool(witnessProgram(scriptPubKey))) return 'EVAL_FALSE';
    return verifyWitnessProgram(scriptPubKey, witness, flags, checker, false);
  }

  if (flags & ScriptFlag.SIGPUSHONLY && !isPushOnly(scriptSig)) return 'SIG_PUSHONLY';
  const stack: Uint8Array[] = [];
  const failed = run(scriptSig, stack, flags, checker);
  if (failed) return failed;
  const isP2sh = (flags & ScriptFlag.P2SH) !== 0 && isPayToScriptHash(scriptPubKey);
  const redeemStack = isP2sh ? [...stack] : [];
  const error = run(scriptPubKey, stack, flags, checker) ?? verdict(stack);
  if (error) return error;

  if (hasWitness && witnessVersion(scriptPubKey) >= 0) return 'WITNESS_MALLEATED';
  if (isP2sh) return verifyRedeemScript(scriptSig, redeemStack, witness, flags, checker);
  return finish(stack, witness, flags);
}

/** BIP16: the last push of the scriptSig is a script, which runs over what was pushed before it. */
function verifyRedeemScript(
  scriptSig: Uint8Array,
  stack: Uint8Array[],
  witness: readonly Uint8Array[],
  flags: number,
  checker: InputChecker,
): ScriptError | undefined {
  if (!isPushOnly(scriptSig)) return 'SIG_PUSHONLY';
  // There is one: without it the hash would not have matched.
  const redeemScript = stack.pop()!;
  const error = run(redeemScript, stack, flags, checker) ?? verdict(stack);
  if (error) return error;
  if (flags & ScriptFlag.WITNESS && witnessVersion(redeemScript) >= 0) {
    // Otherwise others could change the scriptSig, and so the txid.
    if (!equalBytes(scriptSig, pushBytes(redeemScript))) return 'WITNESS_MALLEATED_P2SH';
    return verifyWitnessProgram(redeemScript, witness, flags, checker, true);
  }
  return finish(stack, witness, flags);
}

/** What remains to be checked of an input without witness program. */
function finish(stack: readonly Uint8Array[], witness: readonly Uint8Array[], flags: number): ScriptError | undefined {
  if (flags & ScriptFlag.CLEANSTACK && stack.length !== 1) return 'CLEANSTACK';
  return flags & ScriptFlag.WITNESS && witness.length > 0 ? 'WITNESS_UNEXPECTED' : undefined;
}

function run(script: Uint8Array, stack: Uint8Array[], flags: number, checker: InputChecker): ScriptError | undefined {
  return runScript(new Machine(script, stack, flags, SigVersion.BASE, checker));
}

function verdict(stack: readonly Uint8Array[]): ScriptError | undefined {
  const top = stack[stack.length - 1];
  return top && castToBool(top) ? undefined : 'EVAL_FALSE';
}
