import { atOnce, ITEMS_PER_STEP } from '../../platform/slices.ts';
import type { Transaction, TxOut } from '../../primitives/transaction.ts';
import type { ScriptError } from '../../script/errors.ts';
import { SighashCache } from '../../script/sighash/cache.ts';
import type { SignatureVerifier } from '../../script/signature-cache.ts';
import { verifyInput } from '../../script/verify.ts';
import { inputCost } from './script-cost.ts';

/** A transaction whose scripts must be verified (Core: CScriptCheck). */
export interface ScriptCheck {
  readonly tx: Transaction;
  /** In the order of the inputs. */
  readonly spentOutputs: readonly TxOut[];
}

/** The inputs of a transaction from `first` (inclusive) to `end` (exclusive). */
export interface InputRange {
  /** Position of the transaction among the checks. */
  readonly position: number;
  readonly first: number;
  readonly end: number;
}

/** Inputs that one thread verifies without a break, in order. */
export interface ScriptChunk {
  readonly ranges: readonly InputRange[];
  /** Estimated microseconds, on the high side. */
  readonly cost: number;
}

/** The first input with an invalid script. */
export interface FailedCheck {
  readonly check: ScriptCheck;
  readonly inputIndex: number;
  readonly error: ScriptError;
}

/** Microseconds from which a chunk takes no further input: a few milliseconds of work. */
const CHUNK_US = 2_400;
/** Inputs per chunk at most, however cheap. */
const MAX_CHUNK_INPUTS = 128;

/** Splits the inputs of all transactions, in order, into chunks of about equal cost. A costly input has its own. */
export function splitIntoChunks(checks: readonly ScriptCheck[]): ScriptChunk[] {
  return atOnce(splitIntoChunksInSteps(checks));
}

/** Does what `splitIntoChunks` does, in steps of some inputs. */
export function* splitIntoChunksInSteps(checks: readonly ScriptCheck[]): Generator<void, ScriptChunk[]> {
  const chunks: ScriptChunk[] = [];
  let ranges: InputRange[] = [];
  let cost = 0;
  let count = 0;
  const close = () => {
    if (count > 0) chunks.push({ ranges, cost });
    ranges = [];
    cost = 0;
    count = 0;
  };
  for (const [position, { tx, spentOutputs }] of checks.entries()) {
    const { length } = tx.inputs;
    let first = 0;
    for (let i = 0; i < length; i++) {
      const added = inputCost(tx, spentOutputs, i);
      if (count === MAX_CHUNK_INPUTS || cost + added > CHUNK_US) {
        if (i > first) ranges.push({ position, first, end: i });
        first = i;
        close();
      }
      cost += added;
      count++;
      if (count % ITEMS_PER_STEP === 0) yield;
    }
    ranges.push({ position, first, end: length });
  }
  close();
  return chunks;
}

/** Verifies inputs of several transactions; keeps what the inputs of the last transaction share. */
export class RangeVerifier {
  readonly #check: (position: number) => ScriptCheck;
  readonly #flags: number;
  readonly #signatures: SignatureVerifier | undefined;
  #position = -1;
  #current: { readonly check: ScriptCheck; readonly cache: SighashCache } | undefined;

  /** `check` returns the transaction at a position. */
  constructor(check: (position: number) => ScriptCheck, flags: number, signatures?: SignatureVerifier) {
    this.#check = check;
    this.#flags = flags;
    this.#signatures = signatures;
  }

  /** Verifies one input; returns the script error. */
  verifyInput(position: number, inputIndex: number): ScriptError | undefined {
    if (position !== this.#position) {
      const check = this.#check(position);
      this.#current = { check, cache: new SighashCache(check.tx, check.spentOutputs) };
      this.#position = position;
    }
    const { check, cache } = this.#current!;
    return verifyInput(check.tx, inputIndex, cache, this.#flags, this.#signatures);
  }
}

/** Verifies the scripts of all transactions in order; returns the first failure. */
export function verifyChecks(
  checks: readonly ScriptCheck[],
  flags: number,
  signatures?: SignatureVerifier,
): FailedCheck | undefined {
  const verifier = new RangeVerifier((position) => checks[position]!, flags, signatures);
  for (const [position, check] of checks.entries()) {
    for (let inputIndex = 0; inputIndex < check.tx.inputs.length; inputIndex++) {
      const error = verifier.verifyInput(position, inputIndex);
      if (error) return { check, inputIndex, error };
    }
  }
  return undefined;
}
