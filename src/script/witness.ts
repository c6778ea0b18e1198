import { equalBytes } from '../bytes/compare.ts';
import { compactSizeLength } from '../bytes/writer.ts';
import { sha256 } from '../crypto/hash.ts';
import { ScriptCursor } from './cursor.ts';
import type { ScriptError } from './errors.ts';
import { ScriptFlag } from './flags.ts';
import type { InputChecker } from './interpreter/checker.ts';
import { runScript } from './interpreter/interpreter.ts';
import { Machine, type TapscriptContext } from './interpreter/machine.ts';
import {
  ANNEX_TAG,
  MAX_SCRIPT_ELEMENT_SIZE,
  MAX_STACK_SIZE,
  TAPROOT_CONTROL_BASE_SIZE,
  TAPROOT_CONTROL_MAX_NODE_COUNT,
  TAPROOT_CONTROL_NODE_SIZE,
  TAPROOT_LEAF_MASK,
  TAPROOT_LEAF_TAPSCRIPT,
  VALIDATION_WEIGHT_OFFSET,
} from './limits.ts';
import { castToBool } from './number.ts';
import { isOpSuccess, Op } from './opcodes.ts';
import { isPayToAnchor, witnessProgram, witnessVersion } from './script.ts';
import { annexHash, NO_CODE_SEPARATOR } from './sighash/taproot.ts';
import { SigVersion } from './sighash/types.ts';
import { tapLeafHash, verifyTaprootCommitment } from './taproot.ts';

/**
 * Verifies a witness against a witness program, given with its version as `script`; returns the script error, undefined
 * on success (Core: VerifyWitnessProgram). `isP2sh` is set if the program is a redeem script: Taproot and anchors exist
 * as native outputs only.
 */
export function verifyWitnessProgram(
  script: Uint8Array,
  witness: readonly Uint8Array[],
  flags: number,
  checker: InputChecker,
  isP2sh: boolean,
): ScriptError | undefined {
  const version = witnessVersion(script);
  const program = witnessProgram(script);
  if (version === 0) {
    if (program.length === 32) return verifyScriptHash(program, witness, flags, checker);
    if (program.length === 20) return verifyKeyHash(program, witness, flags, checker);
    return 'WITNESS_PROGRAM_WRONG_LENGTH';
  }
  if (version === 1 && program.length === 32 && !isP2sh) {
    return flags & ScriptFlag.TAPROOT ? verifyTaproot(program, witness, flags, checker) : undefined;
  }
  if (!isP2sh && isPayToAnchor(script)) return undefined;
  return flags & ScriptFlag.DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM ? 'DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM' : undefined;
}

/** Verifies P2WSH: the last witness element is the script, the others are its initial stack. */
function verifyScriptHash(
  program: Uint8Array,
  witness: readonly Uint8Array[],
  flags: number,
  checker: InputChecker,
): ScriptError | undefined {
  const script = witness[witness.length - 1];
  if (!script) return 'WITNESS_PROGRAM_WITNESS_EMPTY';
  if (!equalBytes(sha256(script), program)) return 'WITNESS_PROGRAM_MISMATCH';
  const vm = new Machine(script, witness.slice(0, -1), flags, SigVersion.WITNESS_V0, checker);
  checker.tracer?.begin('witnessScript', vm);
  return runWitnessScript(vm);
}

/** Verifies P2WPKH: runs the P2PKH script of the program (BIP143). */
function verifyKeyHash(
  program: Uint8Array,
  witness: readonly Uint8Array[],
  flags: number,
  checker: InputChecker,
): ScriptError | undefined {
  if (witness.length !== 2) return 'WITNESS_PROGRAM_MISMATCH';
  const script = new Uint8Array(25);
  script[0] = Op.OP_DUP;
  script[1] = Op.OP_HASH160;
  script[2] = 20;
  script.set(program, 3);
  script[23] = Op.OP_EQUALVERIFY;
  script[24] = Op.OP_CHECKSIG;
  const vm = new Machine(script, [...witness], flags, SigVersion.WITNESS_V0, checker);
  checker.tracer?.begin('witnessKeyHash', vm);
  return runWitnessScript(vm);
}

/**
 * Verifies Taproot (BIP341). The witness is a signature (key path), or the initial stack, the script and the control
 * block (script path); an annex may follow.
 */
function verifyTaproot(
  outputKey: Uint8Array,
  witness: readonly Uint8Array[],
  flags: number,
  checker: InputChecker,
): ScriptError | undefined {
  let count = witness.length;
  if (count === 0) return 'WITNESS_PROGRAM_WITNESS_EMPTY';
  const last = witness[count - 1]!;
  const annex = count >= 2 && last[0] === ANNEX_TAG ? annexHash(last) : undefined;
  if (annex) count--;

  if (count === 1) {
    const context = { annexHash: annex, leafHash: undefined };
    checker.tracer?.begin('keyPath');
    return checker.checkSchnorr(witness[0]!, outputKey, context, NO_CODE_SEPARATOR);
  }

  const control = witness[count - 1]!;
  const script = witness[count - 2]!;
  const nodes = (control.length - TAPROOT_CONTROL_BASE_SIZE) / TAPROOT_CONTROL_NODE_SIZE;
  if (!Number.isInteger(nodes) || nodes < 0 || nodes > TAPROOT_CONTROL_MAX_NODE_COUNT) {
    return 'TAPROOT_WRONG_CONTROL_SIZE';
  }
  const leafVersion = control[0]! & TAPROOT_LEAF_MASK;
  const leaf = tapLeafHash(leafVersion, script);
  if (!verifyTaprootCommitment(control, outputKey, leaf)) return 'WITNESS_PROGRAM_MISMATCH';

  if (leafVersion === TAPROOT_LEAF_TAPSCRIPT) {
    const context: TapscriptContext = {
      annexHash: annex,
      leafHash: leaf,
      validationWeightLeft: witnessSize(witness) + VALIDATION_WEIGHT_OFFSET,
    };
    return runTapscript(script, witness.slice(0, count - 2), flags, checker, context);
  }
  return flags & ScriptFlag.DISCOURAGE_UPGRADABLE_TAPROOT_VERSION ? 'DISCOURAGE_UPGRADABLE_TAPROOT_VERSION' : undefined;
}

/** Returns the serialized size of the witness in bytes. */
function witnessSize(witness: readonly Uint8Array[]): number {
  let size = compactSizeLength(witness.length);
  for (const element of witness) size += compactSizeLength(element.length) + element.length;
  return size;
}

function runTapscript(
  script: Uint8Array,
  stack: Uint8Array[],
  flags: number,
  checker: InputChecker,
  context: TapscriptContext,
): ScriptError | undefined {
  const vm = new Machine(script, stack, flags, SigVersion.TAPSCRIPT, checker, context);
  checker.tracer?.begin('tapscript', vm);
  const cursor = new ScriptCursor(script);
  while (cursor.next()) {
    if (!isOpSuccess(cursor.opcode)) continue;
    // Succeeds whatever the rest of the script is, even if it cannot be parsed (BIP342).
    return flags & ScriptFlag.DISCOURAGE_OP_SUCCESS ? 'DISCOURAGE_OP_SUCCESS' : undefined;
  }
  if (cursor.isBroken) return 'BAD_OPCODE';
  if (stack.length > MAX_STACK_SIZE) return 'STACK_SIZE';
  return runWitnessScript(vm);
}

/** Runs a witness script, which must leave exactly one element, and a true one (Core: ExecuteWitnessScript). */
function runWitnessScript(vm: Machine): ScriptError | undefined {
  const { stack } = vm;
  for (const element of stack) if (element.length > MAX_SCRIPT_ELEMENT_SIZE) return 'PUSH_SIZE';
  const error = runScript(vm);
  if (error) return error;
  if (stack.length !== 1) return 'CLEANSTACK';
  return castToBool(stack[0]!) ? undefined : 'EVAL_FALSE';
}
