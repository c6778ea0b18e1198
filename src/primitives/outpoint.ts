import { binaryKey } from '../bytes/compare.ts';
import { toReversedHex } from '../bytes/hex.ts';
import type { ByteReader } from '../bytes/reader.ts';
import type { ByteWriter } from '../bytes/writer.ts';

/** A reference to a transaction output (Core: COutPoint). */
export interface OutPoint {
  /** 32 bytes, internal order. */
  readonly txid: Uint8Array;
  /** The index of the output, uint32. */
  readonly vout: number;
}

/** The output index of a coinbase's null prevout (Core: COutPoint::NULL_INDEX). */
export const NULL_VOUT = 0xffff_ffff;

/** The null prevout of a coinbase. */
export const nullOutPoint: OutPoint = { txid: new Uint8Array(32), vout: NULL_VOUT };

/** Returns whether this is the null prevout of a coinbase. */
export function isNullOutPoint(outpoint: OutPoint): boolean {
  if (outpoint.vout !== NULL_VOUT) return false;
  for (let i = 0; i < 32; i++) if (outpoint.txid[i] !== 0) return false;
  return true;
}

/** Reads an outpoint, 36 bytes; its txid is a view. Throws `DecodeError`. */
export function readOutPoint(reader: ByteReader): OutPoint {
  return { txid: reader.hash(), vout: reader.u32() };
}

/** Writes an outpoint, 36 bytes. */
export function writeOutPoint(writer: ByteWriter, outpoint: OutPoint): void {
  writer.bytes(outpoint.txid).u32(outpoint.vout);
}

/** Returns a `Map` key of 34 characters: the txid's `binaryKey`, then the index. Never displayed. */
export function outPointKey(outpoint: OutPoint): string {
  return coinKey(binaryKey(outpoint.txid), outpoint.vout);
}

/**
 * Returns the `outPointKey` of an output, given the `binaryKey` of its txid: cheaper for many outputs of one
 * transaction.
 */
export function coinKey(txidKey: string, vout: number): string {
  return txidKey + String.fromCharCode(vout & 0xffff, vout >>> 16);
}

/** Formats an outpoint as `txid:vout`, the txid in display order. */
export function formatOutPoint(outpoint: OutPoint): string {
  return `${toReversedHex(outpoint.txid)}:${outpoint.vout}`;
}
