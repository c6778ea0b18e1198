import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { BlockHeader, HEADER_SIZE } from '../primitives/header.ts';
import type { BlockIndex } from './block-index.ts';

const HAS_DATA = 1;
const HAS_UNDO = 2;
const FAILED = 4;

export interface IndexRecord {
  readonly header: BlockHeader;
  readonly txCount: number;
  readonly hasData: boolean;
  readonly hasUndo: boolean;
  readonly failed: boolean;
}

/** A block's header and status as the store keeps them. */
export function encodeIndex(index: BlockIndex): Uint8Array {
  const flags = (index.hasData ? HAS_DATA : 0) | (index.hasUndo ? HAS_UNDO : 0) | (index.failed ? FAILED : 0);
  return new ByteWriter(HEADER_SIZE + 6).bytes(index.header.encode()).u8(flags).compactSize(index.txCount).finish();
}

/** Inverse of `encodeIndex`. Throws `DecodeError`. */
export function decodeIndex(bytes: Uint8Array): IndexRecord {
  const reader = new ByteReader(bytes);
  const header = BlockHeader.read(reader);
  const flags = reader.u8();
  const txCount = reader.compactSize();
  reader.end();
  return {
    header,
    txCount,
    hasData: (flags & HAS_DATA) !== 0,
    hasUndo: (flags & HAS_UNDO) !== 0,
    failed: (flags & FAILED) !== 0,
  };
}
