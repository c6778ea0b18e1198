import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter, compactSizeLength } from '../bytes/writer.ts';
import { readTxOut, Transaction, type TxOut, txOutSize, writeTxOut } from '../primitives/transaction.ts';
import type { ScriptError } from '../script/errors.ts';
import { SighashCache } from '../script/sighash/cache.ts';
import { verifyInput } from '../script/verify.ts';

/** A transaction whose scripts are yet to run. */
export interface ScriptCheck {
  readonly tx: Transaction;
  /** What its inputs spend, in their order. */
  readonly spentOutputs: readonly TxOut[];
}

/** Some of a transaction's inputs: from `first` up to, but without, `end`. */
export interface InputRange extends ScriptCheck {
  readonly first: number;
  readonly end: number;
}

/** An input whose script fails, and the position of its transaction among those that were to be checked. */
export interface ScriptFailure {
  readonly position: number;
  readonly inputIndex: number;
  readonly error: ScriptError;
}

/** Runs the scripts of the ranges' inputs, in their order, up to the first that fails. */
export function verifyRanges(ranges: readonly InputRange[], flags: number): ScriptFailure | undefined {
  for (const [position, { tx, spentOutputs, first, end }] of ranges.entries()) {
    const cache = new SighashCache(tx, spentOutputs);
    for (let inputIndex = first; inputIndex < end; inputIndex++) {
      const error = verifyInput(tx, inputIndex, cache, flags);
      if (error) return { position, inputIndex, error };
    }
  }
  return undefined;
}

/** All inputs of a transaction. */
export function wholeRange(check: ScriptCheck): InputRange {
  return { ...check, first: 0, end: check.tx.inputs.length };
}

/** Ranges as bytes, for another thread. */
export function encodeRanges(ranges: readonly InputRange[]): Uint8Array {
  let size = compactSizeLength(ranges.length);
  for (const { tx, spentOutputs } of ranges) {
    size += tx.totalSize + 18;
    for (const output of spentOutputs) size += txOutSize(output);
  }
  return new ByteWriter(size)
    .list(ranges, (writer, { tx, spentOutputs, first, end }) => {
      writer.bytes(tx.encode()).list(spentOutputs, writeTxOut).compactSize(first).compactSize(end);
    })
    .finish();
}

/** Inverse of `encodeRanges`. */
export function decodeRanges(bytes: Uint8Array): InputRange[] {
  return new ByteReader(bytes).list((reader) => ({
    tx: Transaction.read(reader),
    spentOutputs: reader.list(readTxOut),
    first: reader.compactSize(),
    end: reader.compactSize(),
  }));
}
