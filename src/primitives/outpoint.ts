import { binaryKey } from '../bytes/compare.ts';
import { toReversedHex } from '../bytes/hex.ts';
import type { ByteReader } from '../bytes/reader.ts';
import type { ByteWriter } from '../bytes/writer.ts';

/** One output of one transaction. */
export interface OutPoint {
  /** 32 bytes, internal order. */
  readonly txid: Uint8Array;
  /** uint32: the output's index. */
  readonly vout: number;
}

/** The index in a coinbase's null prevout. */
export const NULL_VOUT = 0xffff_ffff;

export const nullOutPoint: OutPoint = { txid: new Uint8Array(32), vout: NULL_VOUT };

/** Whether this is the null prevout that marks a coinbase. */
export function isNullOutPoint(outpoint: OutPoint): boolean {
  if (outpoint.vout !== NULL_VOUT) return false;
  for (let i = 0; i < 32; i++) if (outpoint.txid[i] !== 0) return false;
  return true;
}

export function readOutPoint(reader: ByteReader): OutPoint {
  return { txid: reader.hash(), vout: reader.u32() };
}

export function writeOutPoint(writer: ByteWriter, outpoint: OutPoint): void {
  writer.bytes(outpoint.txid).u32(outpoint.vout);
}

/** A key for maps: the txid's 32 characters, then the index's 2. Never shown to people. */
export function outPointKey(outpoint: OutPoint): string {
  return coinKey(binaryKey(outpoint.txid), outpoint.vout);
}

/** `outPointKey` from a txid's `binaryKey`, for callers that make several of one transaction. */
export function coinKey(txidKey: string, vout: number): string {
  return txidKey + String.fromCharCode(vout & 0xffff, vout >>> 16);
}

/** `txid:vout`, as people write it. */
export function formatOutPoint(outpoint: OutPoint): string {
  return `${toReversedHex(outpoint.txid)}:${outpoint.vout}`;
}
