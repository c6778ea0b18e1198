import type { ScriptError } from '../errors.ts';
import { ScriptFlag } from '../flags.ts';
import { castToBool, decodeScriptNumber, encodeScriptNumber, FALSE, TRUE } from '../number.ts';
import { NO_CODE_SEPARATOR, type TaprootContext } from '../sighash/taproot.ts';
import type { SigVersion } from '../sighash/types.ts';
import type { InputChecker } from './checker.ts';

/** The data that a tapscript runs with (BIP342). */
export interface TapscriptContext extends TaprootContext {
  /** The remaining budget for signature checks, in weight units. */
  validationWeightLeft: number;
}

/** The state of a script execution. Stack elements may be shared and must not be written to. */
export class Machine {
  readonly script: Uint8Array;
  readonly stack: Uint8Array[];
  readonly altStack: Uint8Array[] = [];
  readonly flags: number;
  readonly sigVersion: SigVersion;
  readonly checker: InputChecker;
  /** Defined if `sigVersion` is TAPSCRIPT. */
  readonly tapscript: TapscriptContext | undefined;
  readonly requireMinimal: boolean;

  /** The offset after the current operation, in bytes. */
  offset = 0;
  /** The index of the current operation, from 0. */
  position = 0;
  /** Operations that count towards MAX_OPS_PER_SCRIPT. */
  opCount = 0;
  /** The script after the last executed OP_CODESEPARATOR, which signatures sign. */
  scriptCode: Uint8Array;
  /** The position of that OP_CODESEPARATOR. */
  codeSeparatorPosition = NO_CODE_SEPARATOR;

  // Conditionals as a depth, and the depth of the outermost false one (Core: ConditionStack): with a list of them, a
  // script of OP_IF and OP_ELSE would take quadratic time.
  #depth = 0;
  #falseDepth = 0;

  constructor(
    script: Uint8Array,
    stack: Uint8Array[],
    flags: number,
    sigVersion: SigVersion,
    checker: InputChecker,
    tapscript?: TapscriptContext,
  ) {
    this.script = script;
    this.stack = stack;
    this.flags = flags;
    this.sigVersion = sigVersion;
    this.checker = checker;
    this.tapscript = tapscript;
    this.requireMinimal = (flags & ScriptFlag.MINIMALDATA) !== 0;
    this.scriptCode = script;
  }

  /** Returns whether the script runs under `flag`. */
  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }

  /** Returns the element `depth` below the top (depth 0). The caller checks that it exists. */
  peek(depth = 0): Uint8Array {
    return this.stack[this.stack.length - 1 - depth]!;
  }

  /** Returns the element at `depth` as a number. Throws `scriptNumberError`. */
  peekNumber(depth = 0, maxSize = 4): number {
    return decodeScriptNumber(this.peek(depth), this.requireMinimal, maxSize);
  }

  /** Removes `count` elements from the top. */
  drop(count: number): void {
    this.stack.length -= count;
  }

  /** Pushes an element. */
  push(element: Uint8Array): void {
    this.stack.push(element);
  }

  /** Pushes a script number. */
  pushNumber(value: number): void {
    this.stack.push(encodeScriptNumber(value));
  }

  /** Pushes 1 or the empty element. */
  pushBoolean(value: boolean): void {
    this.stack.push(value ? TRUE : FALSE);
  }

  /** Pops the top element; if it is false, keeps it and returns `error`. The second half of the VERIFY opcodes. */
  verify(error: ScriptError): ScriptError | undefined {
    if (!castToBool(this.peek())) return error;
    this.stack.pop();
    return undefined;
  }

  /** Whether all conditionals around the current operation are true. */
  get isExecuting(): boolean {
    return this.#falseDepth === 0;
  }

  /** Whether an OP_IF is open. */
  get isInsideConditional(): boolean {
    return this.#depth > 0;
  }

  /** The number of open conditionals. */
  get conditionalDepth(): number {
    return this.#depth;
  }

  /** The depth of the outermost false conditional, from 1; 0 if there is none. */
  get falseDepth(): number {
    return this.#falseDepth;
  }

  /** Opens a conditional (OP_IF, OP_NOTIF). */
  beginConditional(value: boolean): void {
    this.#depth++;
    if (!value && this.#falseDepth === 0) this.#falseDepth = this.#depth;
  }

  /** Inverts the innermost conditional (OP_ELSE). */
  toggleConditional(): void {
    if (this.#falseDepth === 0) this.#falseDepth = this.#depth;
    // Inside an outer false conditional, nothing changes.
    else if (this.#falseDepth === this.#depth) this.#falseDepth = 0;
  }

  /** Closes the innermost conditional (OP_ENDIF). */
  endConditional(): void {
    if (this.#falseDepth === this.#depth) this.#falseDepth = 0;
    this.#depth--;
  }
}

/** Executes an opcode; returns the script error, undefined on success. */
export type OpcodeHandler = (machine: Machine) => ScriptError | undefined;

/** Handlers by opcode. */
export type OpcodeTable = Readonly<Record<number, OpcodeHandler>>;
