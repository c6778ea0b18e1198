import { equalBytes } from '../bytes/compare.ts';
import type { Transaction, TxOut } from '../primitives/transaction.ts';
import { WITNESS_SCALE_FACTOR } from '../primitives/transaction.ts';
import type { ScriptCursor } from './cursor.ts';
import type { ScriptError } from './errors.ts';
import { InputChecker } from './interpreter/checker.ts';
import type { ScriptPhase, ScriptTracer, TracedMachine } from './interpreter/tracer.ts';
import { MAX_STACK_SIZE } from './limits.ts';
import { Op } from './opcodes.ts';
import { SighashCache } from './sighash/cache.ts';
import { legacyParts, type SighashParts, segwitV0Parts, taprootParts } from './sighash/parts.ts';
import type { TaprootContext } from './sighash/taproot.ts';
import { SigHash, SigVersion } from './sighash/types.ts';
import type { SignatureVerifier } from './signature-cache.ts';
import { legacySigOpCount } from './sigops.ts';
import { verifyScript } from './verify.ts';

/** The state of a script between two operations. */
export interface TracedState {
  /** From the bottom. */
  readonly stack: readonly Uint8Array[];
  /** From the bottom. */
  readonly altStack: readonly Uint8Array[];
  /** The number of open conditionals (OP_IF). */
  readonly conditionalDepth: number;
  /** The depth of the outermost false conditional, from 1; 0 if all are true, so that operations are executed. */
  readonly falseDepth: number;
  /** Operations that count towards MAX_OPS_PER_SCRIPT; undefined in a tapscript, which has no such limit. */
  readonly opCount: number | undefined;
  /** The remaining budget for signature checks, in weight units (BIP342); undefined outside of a tapscript. */
  readonly validationWeightLeft: number | undefined;
}

/** An operation of a script. */
export interface TracedStep {
  readonly opcode: number;
  /** The index of the operation, from 0. */
  readonly position: number;
  /** Bytes of the script before the operation. */
  readonly offset: number;
  /** The pushed bytes, for opcodes up to OP_PUSHDATA4. */
  readonly data: Uint8Array | undefined;
  /** False in a branch of a conditional that is not taken. */
  readonly isExecuted: boolean;
  readonly before: TracedState;
  /** After an operation that has failed: the stacks as it has left them. */
  readonly after: TracedState;
}

/** A check of a signature against a public key. One that its encoding rules out is not checked, and has no record. */
export interface TracedSignature {
  /** The index in `steps` of the operation that checks it; undefined in a key path, and if the step was not kept. */
  readonly step: number | undefined;
  readonly algorithm: 'ecdsa' | 'schnorr';
  /** With its hash type. */
  readonly signature: Uint8Array;
  readonly publicKey: Uint8Array;
  /** What the signature commits to (`SigHash`); undefined if it is empty. */
  readonly hashType: number | undefined;
  /** What it signs; undefined if it is empty, has an undefined hash type, or if the preimage was not kept. */
  readonly parts: SighashParts | undefined;
  readonly isValid: boolean;
}

/** One of the scripts that a verification runs, in its order; or the signature of a Taproot key path. */
export interface TracedPhase {
  readonly phase: ScriptPhase;
  /** Empty for a key path. */
  readonly script: Uint8Array;
  readonly sigVersion: SigVersion;
  /** Whether the script was run. A tapscript with an OP_SUCCESSx is not, nor one whose initial stack is too large. */
  readonly isRun: boolean;
  /**
   * What the script adds to the cost of the input's signature operations (BIP141), counted without running it: 0 for a
   * scriptPubKey, which the transaction that made it pays for. Undefined for Taproot, which has a budget instead.
   */
  readonly sigOpCost: number | undefined;
  /** The state before the first step. */
  readonly initial: TracedState;
  readonly steps: readonly TracedStep[];
  readonly signatures: readonly TracedSignature[];
}

/** Where a verification has failed. */
export interface ScriptPlace {
  /** The index in `phases` of the last script that was begun; undefined if the input failed before any. */
  readonly phase: number | undefined;
  /**
   * The index in `steps` of the operation that failed; undefined if it was a check before the first or after the last
   * one, or if the step was not kept.
   */
  readonly step: number | undefined;
}

/** What a verification of an input did. */
export interface ScriptTrace {
  /** The script error, as `verifyInput` returns it; undefined on success. */
  readonly error: ScriptError | undefined;
  /** Where the error is; undefined on success. */
  readonly place: ScriptPlace | undefined;
  readonly phases: readonly TracedPhase[];
  /** Whether steps or preimages were left out, because they exceed the bounds. The error is that of all steps. */
  readonly isTruncated: boolean;
}

/** Bounds of a trace. */
export interface TraceOptions {
  /** Steps that are kept, of all scripts. Default 10,000. */
  readonly maxSteps?: number;
  /** Bytes that are kept, of stacks and preimages. Default 16 MiB. */
  readonly maxBytes?: number;
  /** Verifies the signatures. The engine by default. */
  readonly signatures?: SignatureVerifier;
}

const DEFAULT_MAX_STEPS = 10_000;
const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;

/** Bytes of a state beside its stacks, and of an element in a stack. */
const STATE_SIZE = 128;
const ELEMENT_SIZE = 8;
/** Elements that are kept of a stack, from the top. */
const MAX_KEPT_ELEMENTS = 2 * MAX_STACK_SIZE;

/**
 * Verifies an input as `verifyInput` does, with the same interpreter, and returns each step. `spentOutputs` are those of
 * all inputs, in their order; `flags` are `ScriptFlag` bits. Throws `RangeError` if there is no such input, or if the
 * number of outputs is not that of the inputs.
 *
 * @example
 * ```ts
 * import { SEQUENCE_FINAL, Transaction } from 'pier/primitives';
 * import { compileScript, Op, opcodeName, STANDARD_SCRIPT_VERIFY_FLAGS, traceInput } from 'pier/script';
 *
 * // An output that any two numbers with the sum 5 can spend. These have another sum.
 * const scriptPubKey = compileScript(Op.OP_ADD, Op.OP_5, Op.OP_EQUALVERIFY, Op.OP_1);
 * const spentOutput = { value: 1_000n, scriptPubKey };
 * const prevout = { txid: new Uint8Array(32), vout: 0 };
 * const input = { prevout, scriptSig: compileScript(Op.OP_2, Op.OP_2), sequence: SEQUENCE_FINAL, witness: [] };
 * const tx = new Transaction({ version: 2, inputs: [input], outputs: [], lockTime: 0 });
 * const { error, place, phases } = traceInput(tx, 0, [spentOutput], STANDARD_SCRIPT_VERIFY_FLAGS);
 * console.log(phases.map(({ phase }) => phase).join(' ')); // scriptSig scriptPubKey
 * const { opcode, before } = phases[place!.phase!]!.steps[place!.step!]!;
 * console.log(error, opcodeName(opcode), before.stack.join(' ')); // EQUALVERIFY OP_EQUALVERIFY 4 5
 * ```
 */
export function traceInput(
  tx: Transaction,
  inputIndex: number,
  spentOutputs: readonly TxOut[],
  flags: number,
  options: TraceOptions = {},
): ScriptTrace {
  const input = tx.inputs[inputIndex];
  if (!input) throw new RangeError(`the transaction has no input ${inputIndex}`);
  if (spentOutputs.length !== tx.inputs.length) {
    throw new RangeError(`${spentOutputs.length} spent outputs for ${tx.inputs.length} inputs`);
  }
  const recorder = new TraceRecorder(options.maxSteps ?? DEFAULT_MAX_STEPS, options.maxBytes ?? DEFAULT_MAX_BYTES);
  const cache = new SighashCache(tx, spentOutputs);
  const checker = new TracingChecker(cache, inputIndex, recorder, options.signatures);
  const { scriptPubKey } = spentOutputs[inputIndex]!;
  return recorder.result(verifyScript(input.scriptSig, scriptPubKey, input.witness, flags, checker));
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A phase in the making. */
interface OpenPhase extends Mutable<TracedPhase> {
  readonly steps: Mutable<TracedStep>[];
  readonly signatures: TracedSignature[];
}

/** Keeps what the interpreter reports, within bounds. */
class TraceRecorder implements ScriptTracer {
  readonly #phases: OpenPhase[] = [];
  #stepsLeft: number;
  #bytesLeft: number;
  #isTruncated = false;
  /** Whether the last operation that was begun is the last of `steps`. */
  #isStepKept = false;
  /** The step that failed. */
  #failed: number | undefined;

  constructor(maxSteps: number, maxBytes: number) {
    this.#stepsLeft = maxSteps;
    this.#bytesLeft = maxBytes;
  }

  begin(phase: ScriptPhase, vm?: TracedMachine): void {
    this.#isStepKept = false;
    this.#phases.push({
      phase,
      script: vm?.script ?? new Uint8Array(0),
      sigVersion: vm?.sigVersion ?? SigVersion.TAPROOT,
      isRun: vm === undefined,
      sigOpCost: sigOpCost(phase, vm),
      initial: vm ? this.#state(vm, undefined) : noState,
      steps: [],
      signatures: [],
    });
  }

  step(vm: TracedMachine, cursor: ScriptCursor): void {
    const phase = this.#phases[this.#phases.length - 1]!;
    const { steps } = phase;
    const before = this.#finishStep(vm);
    if (this.#stepsLeft <= 0 || this.#bytesLeft <= 0) {
      this.#isTruncated = true;
      return;
    }
    this.#stepsLeft--;
    const { opcode } = cursor;
    const data = opcode <= Op.OP_PUSHDATA4 ? cursor.data : undefined;
    const isExecuted = isExecutedBy(vm, opcode);
    steps.push({ opcode, position: vm.position, offset: vm.offset, data, isExecuted, before, after: before });
    this.#isStepKept = true;
  }

  end(vm: TracedMachine, error: ScriptError | undefined): void {
    const phase = this.#phases[this.#phases.length - 1]!;
    phase.isRun = true;
    // The position is counted after an operation that has succeeded.
    if (error && this.#isStepKept && phase.steps.length > vm.position) this.#failed = vm.position;
    this.#finishStep(vm);
  }

  /** Adds a signature, with its parts if there is room for `size` bytes. */
  signature(check: Omit<TracedSignature, 'step' | 'parts'>, size: number, parts: () => SighashParts | undefined): void {
    const { steps, signatures } = this.#phases[this.#phases.length - 1]!;
    // A signature takes about as much as a state.
    this.#bytesLeft -= STATE_SIZE;
    const hasRoom = this.#bytesLeft >= size;
    if (!hasRoom) this.#isTruncated = true;
    if (this.#bytesLeft < 0) return;
    if (hasRoom) this.#bytesLeft -= size;
    signatures.push({
      ...check,
      step: this.#isStepKept ? steps.length - 1 : undefined,
      parts: hasRoom ? parts() : undefined,
    });
  }

  result(error: ScriptError | undefined): ScriptTrace {
    const phase = this.#phases.length === 0 ? undefined : this.#phases.length - 1;
    const place = error && { phase, step: this.#failed };
    return { error, place, phases: this.#phases, isTruncated: this.#isTruncated };
  }

  /** Returns the state now, which is also the one after the step before. */
  #finishStep(vm: TracedMachine): TracedState {
    const { steps, initial } = this.#phases[this.#phases.length - 1]!;
    const last = steps[steps.length - 1];
    if (!this.#isStepKept || !last) return initial;
    this.#isStepKept = false;
    last.after = this.#state(vm, last.before);
    return last.after;
  }

  #state(vm: TracedMachine, before: TracedState | undefined): TracedState {
    this.#bytesLeft -= STATE_SIZE;
    return {
      stack: this.#copy(vm.stack, before?.stack),
      altStack: this.#copy(vm.altStack, before?.altStack),
      conditionalDepth: vm.conditionalDepth,
      falseDepth: vm.falseDepth,
      opCount: vm.sigVersion === SigVersion.TAPSCRIPT ? undefined : vm.opCount,
      validationWeightLeft: vm.tapscript?.validationWeightLeft,
    };
  }

  /** Returns a copy of a stack; the one before if it is the same. Elements never change. */
  #copy(stack: readonly Uint8Array[], before: readonly Uint8Array[] = nothing): readonly Uint8Array[] {
    if (stack.length === before.length && stack.every((element, i) => element === before[i])) return before;
    // Only a witness can have more: scripts fail before.
    if (stack.length > MAX_KEPT_ELEMENTS) this.#isTruncated = true;
    const kept = stack.slice(-MAX_KEPT_ELEMENTS);
    this.#bytesLeft -= kept.length * ELEMENT_SIZE;
    return kept;
  }
}

const nothing: readonly Uint8Array[] = [];
const noState: TracedState = {
  stack: nothing,
  altStack: nothing,
  conditionalDepth: 0,
  falseDepth: 0,
  opCount: undefined,
  validationWeightLeft: undefined,
};

function isExecutedBy(vm: TracedMachine, opcode: number): boolean {
  // The branch that these end is that of an inner conditional; around it, everything may be executed.
  if (opcode === Op.OP_ELSE || opcode === Op.OP_ENDIF) return vm.isExecuting || vm.falseDepth === vm.conditionalDepth;
  // These two fail even where they are skipped.
  return vm.isExecuting || opcode === Op.OP_VERIF || opcode === Op.OP_VERNOTIF;
}

function sigOpCost(phase: ScriptPhase, vm: TracedMachine | undefined): number | undefined {
  if (!vm || vm.sigVersion === SigVersion.TAPSCRIPT) return undefined;
  if (phase === 'scriptPubKey') return 0;
  const count = legacySigOpCount(vm.script, phase !== 'scriptSig');
  return vm.sigVersion === SigVersion.BASE ? count * WITNESS_SCALE_FACTOR : count;
}

/** Reports each signature that it checks. */
class TracingChecker extends InputChecker {
  readonly #recorder: TraceRecorder;
  // The last preimage: OP_CHECKMULTISIG tries one signature with many keys.
  #code: Uint8Array | undefined;
  #hashType = 0;
  #sigVersion: SigVersion | undefined;
  #parts: SighashParts | undefined;

  constructor(cache: SighashCache, inputIndex: number, recorder: TraceRecorder, signatures?: SignatureVerifier) {
    super(cache, inputIndex, signatures, recorder);
    this.#recorder = recorder;
  }

  override checkEcdsa(
    signature: Uint8Array,
    publicKey: Uint8Array,
    scriptCode: Uint8Array,
    sigVersion: SigVersion,
  ): boolean {
    const isValid = super.checkEcdsa(signature, publicKey, scriptCode, sigVersion);
    const hashType = signature[signature.length - 1];
    const check = { algorithm: 'ecdsa', signature, publicKey, hashType, isValid } as const;
    const others = sigVersion === SigVersion.BASE ? this.cache.legacyTemplate.bytes.length : 156;
    this.#recorder.signature(check, hashType === undefined ? 0 : others + scriptCode.length, () =>
      hashType === undefined ? undefined : this.#ecdsaParts(scriptCode, hashType, sigVersion),
    );
    return isValid;
  }

  #ecdsaParts(scriptCode: Uint8Array, hashType: number, sigVersion: SigVersion): SighashParts {
    const isSame = this.#parts && this.#hashType === hashType && this.#sigVersion === sigVersion;
    if (!isSame || !equalBytes(this.#code!, scriptCode)) {
      const parts = sigVersion === SigVersion.BASE ? legacyParts : segwitV0Parts;
      this.#parts = parts(this.cache, this.inputIndex, scriptCode, hashType);
      this.#code = scriptCode;
      this.#hashType = hashType;
      this.#sigVersion = sigVersion;
    }
    return this.#parts!;
  }

  override checkSchnorr(
    signature: Uint8Array,
    publicKey: Uint8Array,
    context: TaprootContext,
    codeSeparatorPosition: number,
  ): ScriptError | undefined {
    const error = super.checkSchnorr(signature, publicKey, context, codeSeparatorPosition);
    const hashType = signature.length === 64 ? SigHash.DEFAULT : signature[64];
    const check = { algorithm: 'schnorr', signature, publicKey, hashType, isValid: error === undefined } as const;
    this.#recorder.signature(check, 400, () =>
      hashType === undefined || error === 'SCHNORR_SIG_SIZE' || error === 'SCHNORR_SIG_HASHTYPE'
        ? undefined
        : taprootParts(this.cache, this.inputIndex, hashType, context, codeSeparatorPosition),
    );
    return error;
  }
}
