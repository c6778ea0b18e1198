import type { ScriptError } from '../errors.ts';
import { ScriptFlag } from '../flags.ts';
import { castToBool, decodeScriptNumber, encodeScriptNumber, FALSE, TRUE } from '../number.ts';
import { NO_CODE_SEPARATOR, type TaprootContext } from '../sighash/taproot.ts';
import type { SigVersion } from '../sighash/types.ts';
import type { InputChecker } from './checker.ts';

/** What runs with a tapscript (BIP342). */
export interface TapscriptContext extends TaprootContext {
  /** Falls with every signature that is checked. */
  validationWeightLeft: number;
}

/** The state of one script's execution. Stack elements are shared and never written to. */
export class Machine {
  readonly script: Uint8Array;
  readonly stack: Uint8Array[];
  readonly altStack: Uint8Array[] = [];
  readonly flags: number;
  readonly sigVersion: SigVersion;
  readonly checker: InputChecker;
  /** Only where `sigVersion` is TAPSCRIPT. */
  readonly tapscript: TapscriptContext | undefined;
  readonly requireMinimal: boolean;

  /** Behind the operation that runs, in bytes. */
  offset = 0;
  /** The index of the operation that runs, counted from 0. */
  position = 0;
  /** What counts against the limit of operations. */
  opCount = 0;
  /** The script behind the last OP_CODESEPARATOR executed: what signatures sign. */
  scriptCode: Uint8Array;
  /** That opcode's position. */
  codeSeparatorPosition = NO_CODE_SEPARATOR;

  // Conditionals only need their number, and the depth of the outermost one that is false: a list of them would
  // make a script of nothing but OP_IF and OP_ELSE quadratic.
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

  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }

  /** The element `depth` below the top, the top being 0. The caller has checked that it is there. */
  peek(depth = 0): Uint8Array {
    return this.stack[this.stack.length - 1 - depth]!;
  }

  /** That element as a number; throws `scriptNumberError`. */
  peekNumber(depth = 0, maxSize = 4): number {
    return decodeScriptNumber(this.peek(depth), this.requireMinimal, maxSize);
  }

  /** Takes `count` elements off the top. */
  drop(count: number): void {
    this.stack.length -= count;
  }

  push(element: Uint8Array): void {
    this.stack.push(element);
  }

  pushNumber(value: number): void {
    this.stack.push(encodeScriptNumber(value));
  }

  pushBoolean(value: boolean): void {
    this.stack.push(value ? TRUE : FALSE);
  }

  /** Takes the boolean on top off, or fails with `error` where it is false: the VERIFY in many opcodes. */
  verify(error: ScriptError): ScriptError | undefined {
    if (!castToBool(this.peek())) return error;
    this.stack.pop();
    return undefined;
  }

  /** Whether every conditional around the current operation is true. */
  get isExecuting(): boolean {
    return this.#falseDepth === 0;
  }

  get isInsideConditional(): boolean {
    return this.#depth > 0;
  }

  beginConditional(value: boolean): void {
    this.#depth++;
    if (!value && this.#falseDepth === 0) this.#falseDepth = this.#depth;
  }

  toggleConditional(): void {
    if (this.#falseDepth === 0) this.#falseDepth = this.#depth;
    // An inner one inside a false one changes nothing.
    else if (this.#falseDepth === this.#depth) this.#falseDepth = 0;
  }

  endConditional(): void {
    if (this.#falseDepth === this.#depth) this.#falseDepth = 0;
    this.#depth--;
  }
}

/** One opcode's effect. */
export type Operation = (machine: Machine) => ScriptError | undefined;

/** Operations by opcode. */
export type OperationTable = Readonly<Record<number, Operation>>;
