import type { Transaction, TxOut } from '../../primitives/transaction.ts';
import type { ScriptError } from '../../script/errors.ts';
import { SighashCache } from '../../script/sighash/cache.ts';
import type { SignatureVerifier } from '../../script/signature-cache.ts';
import { verifyInput } from '../../script/verify.ts';

/** A transaction whose scripts must be verified (Core: CScriptCheck). */
export interface ScriptCheck {
  readonly tx: Transaction;
  /** In the order of the inputs. */
  readonly spentOutputs: readonly TxOut[];
}

/** A transaction's inputs from `first` (inclusive) to `end` (exclusive). */
export interface InputRange extends ScriptCheck {
  readonly first: number;
  readonly end: number;
}

/** The first input with an invalid script. */
export interface FailedCheck {
  readonly check: ScriptCheck;
  readonly inputIndex: number;
  readonly error: ScriptError;
}

/** Verifies the scripts of the ranges' inputs in order; returns the first failure. */
export function verifyRanges(
  ranges: readonly InputRange[],
  flags: number,
  signatures?: SignatureVerifier,
): FailedCheck | undefined {
  for (const range of ranges) {
    const { tx, spentOutputs, first, end } = range;
    const cache = new SighashCache(tx, spentOutputs);
    for (let inputIndex = first; inputIndex < end; inputIndex++) {
      const error = verifyInput(tx, inputIndex, cache, flags, signatures);
      if (error) return { check: range, inputIndex, error };
    }
  }
  return undefined;
}

/** Returns the range of all inputs of a transaction. */
export function wholeRange({ tx, spentOutputs }: ScriptCheck): InputRange {
  return { tx, spentOutputs, first: 0, end: tx.inputs.length };
}

/** Inputs per chunk: a few milliseconds of work. */
const CHUNK_INPUTS = 32;

/** Splits the inputs of all transactions, in order, into chunks of `CHUNK_INPUTS`; the last one may be smaller. */
export function splitIntoChunks(checks: readonly ScriptCheck[]): InputRange[][] {
  const chunks: InputRange[][] = [];
  let chunk: InputRange[] = [];
  let room = CHUNK_INPUTS;
  for (const { tx, spentOutputs } of checks) {
    const count = tx.inputs.length;
    for (let first = 0; first < count; ) {
      const end = Math.min(first + room, count);
      chunk.push({ tx, spentOutputs, first, end });
      room -= end - first;
      first = end;
      if (room > 0) continue;
      chunks.push(chunk);
      chunk = [];
      room = CHUNK_INPUTS;
    }
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}
