import { equalBytes } from '../bytes/compare.ts';
import type { Transaction } from '../primitives/transaction.ts';
import type { ScriptError } from './errors.ts';
import { ScriptFlag } from './flags.ts';
import { InputChecker } from './interpreter/checker.ts';
import { runScript } from './interpreter/interpreter.ts';
import { Machine } from './interpreter/machine.ts';
import type { ScriptPhase } from './interpreter/tracer.ts';
import { castToBool } from './number.ts';
import { isPayToScriptHash, isPushOnly, pushBytes, witnessProgram, witnessVersion } from './script.ts';
import type { SighashCache } from './sighash/cache.ts';
import { SigVersion } from './sighash/types.ts';
import type { SignatureVerifier } from './signature-cache.ts';
import { verifyWitnessProgram } from './witness.ts';

/**
 * Verifies that an input may spend its output under `flags` (`ScriptFlag` bits); returns the script error, undefined on
 * success. `cache` holds the spent outputs and is shared by all inputs of `tx`. `signatures` defaults to the engine. No
 * script makes this throw.
 *
 * @example
 * ```ts
 * import { SEQUENCE_FINAL, Transaction } from 'pier/primitives';
 * import { compileScript, Op, SighashCache, STANDARD_SCRIPT_VERIFY_FLAGS, verifyInput } from 'pier/script';
 *
 * // An output that any two numbers with the sum 5 can spend.
 * const spentOutput = { value: 1_000n, scriptPubKey: compileScript(Op.OP_ADD, Op.OP_5, Op.OP_EQUAL) };
 * const prevout = { txid: new Uint8Array(32), vout: 0 };
 * const input = { prevout, scriptSig: compileScript(Op.OP_2, Op.OP_3), sequence: SEQUENCE_FINAL, witness: [] };
 * const tx = new Transaction({ version: 2, inputs: [input], outputs: [], lockTime: 0 });
 * const cache = new SighashCache(tx, [spentOutput]);
 * console.log(verifyInput(tx, 0, cache, STANDARD_SCRIPT_VERIFY_FLAGS)); // undefined
 * ```
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

/**
 * Verifies a scriptSig and a witness against a scriptPubKey, as `verifyInput` does (Core: VerifyScript).
 *
 * @example
 * ```ts
 * import { regtest } from 'pier/consensus';
 * import { compileScript, InputChecker, Op, ScriptFlag, SighashCache, scriptErrorString, verifyScript } from 'pier/script';
 *
 * // No signature is checked, so that the transaction does not matter.
 * const [tx] = regtest.genesis.transactions;
 * const checker = new InputChecker(new SighashCache(tx!, []), 0);
 * const scriptPubKey = compileScript(Op.OP_ADD, Op.OP_5, Op.OP_EQUALVERIFY, Op.OP_1);
 * console.log(verifyScript(compileScript(Op.OP_2, Op.OP_3), scriptPubKey, [], ScriptFlag.P2SH, checker)); // undefined
 * const error = verifyScript(compileScript(Op.OP_2, Op.OP_2), scriptPubKey, [], ScriptFlag.P2SH, checker);
 * console.log(scriptErrorString(error!)); // Script failed an OP_EQUALVERIFY operation
 * ```
 */
export function verifyScript(
  scriptSig: Uint8Array,
  scriptPubKey: Uint8Array,
  witness: readonly Uint8Array[],
  flags: number,
  checker: InputChecker,
): ScriptError | undefined {
  const hasWitness = (flags & ScriptFlag.WITNESS) !== 0;
  if (hasWitness && scriptSig.length === 0 && witnessVersion(scriptPubKey) >= 0) {
    // Fast path: running the script would leave the program on top of the stack.
    if (!castToBool(witnessProgram(scriptPubKey))) return 'EVAL_FALSE';
    return verifyWitnessProgram(scriptPubKey, witness, flags, checker, false);
  }

  if (flags & ScriptFlag.SIGPUSHONLY && !isPushOnly(scriptSig)) return 'SIG_PUSHONLY';
  const stack: Uint8Array[] = [];
  const failed = run('scriptSig', scriptSig, stack, flags, checker);
  if (failed) return failed;
  const isP2sh = (flags & ScriptFlag.P2SH) !== 0 && isPayToScriptHash(scriptPubKey);
  const redeemStack = isP2sh ? [...stack] : [];
  const error = run('scriptPubKey', scriptPubKey, stack, flags, checker) ?? verdict(stack);
  if (error) return error;

  if (hasWitness && witnessVersion(scriptPubKey) >= 0) return 'WITNESS_MALLEATED';
  if (isP2sh) return verifyRedeemScript(scriptSig, redeemStack, witness, flags, checker);
  return finish(stack, witness, flags);
}

/** Runs the redeem script of P2SH, the last push of the scriptSig, on the pushes before it (BIP16). */
function verifyRedeemScript(
  scriptSig: Uint8Array,
  stack: Uint8Array[],
  witness: readonly Uint8Array[],
  flags: number,
  checker: InputChecker,
): ScriptError | undefined {
  if (!isPushOnly(scriptSig)) return 'SIG_PUSHONLY';
  // Not empty: the redeem script has matched the hash in the scriptPubKey.
  const redeemScript = stack.pop()!;
  const error = run('redeemScript', redeemScript, stack, flags, checker) ?? verdict(stack);
  if (error) return error;
  if (flags & ScriptFlag.WITNESS && witnessVersion(redeemScript) >= 0) {
    // Any other scriptSig would make the txid malleable.
    if (!equalBytes(scriptSig, pushBytes(redeemScript))) return 'WITNESS_MALLEATED_P2SH';
    return verifyWitnessProgram(redeemScript, witness, flags, checker, true);
  }
  return finish(stack, witness, flags);
}

/** Checks the flags CLEANSTACK and WITNESS for an input that spends no witness program. */
function finish(stack: readonly Uint8Array[], witness: readonly Uint8Array[], flags: number): ScriptError | undefined {
  if (flags & ScriptFlag.CLEANSTACK && stack.length !== 1) return 'CLEANSTACK';
  return flags & ScriptFlag.WITNESS && witness.length > 0 ? 'WITNESS_UNEXPECTED' : undefined;
}

function run(
  phase: ScriptPhase,
  script: Uint8Array,
  stack: Uint8Array[],
  flags: number,
  checker: InputChecker,
): ScriptError | undefined {
  const vm = new Machine(script, stack, flags, SigVersion.BASE, checker);
  checker.tracer?.begin(phase, vm);
  return runScript(vm);
}

function verdict(stack: readonly Uint8Array[]): ScriptError | undefined {
  const top = stack[stack.length - 1];
  return top && castToBool(top) ? undefined : 'EVAL_FALSE';
}
