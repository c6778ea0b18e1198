import { DecodeError } from '../../bytes/errors.ts';
import { ByteReader } from '../../bytes/reader.ts';
import { ByteWriter } from '../../bytes/writer.ts';
import { BlockHeader, HEADER_SIZE } from '../../primitives/header.ts';
import type { BlockIndex } from '../tree/block-index.ts';
import { checksum } from './checksum.ts';

const HAS_DATA = 1;
const HAS_UNDO = 2;
const FAILED = 4;

/** Bytes: header, flags, transaction count, checksum. */
const RECORD_SIZE = HEADER_SIZE + 1 + 4 + 4;

/** A stored header and its block status (Core: CDiskBlockIndex). */
export interface IndexRecord {
  readonly header: BlockHeader;
  readonly txCount: number;
  readonly hasData: boolean;
  readonly hasUndo: boolean;
  readonly failed: boolean;
}

/** Encodes a block's header and status for the store. */
export function encodeIndex(index: BlockIndex): Uint8Array {
  const flags = (index.hasData ? HAS_DATA : 0) | (index.hasUndo ? HAS_UNDO : 0) | (index.failed ? FAILED : 0);
  const writer = new ByteWriter(RECORD_SIZE).bytes(index.header.encode()).u8(flags).u32(index.txCount);
  return writer.u32(checksum(index.hash, writer.finish(), RECORD_SIZE - 4)).finish();
}

/** Decodes the stored record of the block with this hash. Throws `DecodeError`. */
export function decodeIndex(bytes: Uint8Array, hash: Uint8Array): IndexRecord {
  const reader = new ByteReader(bytes);
  const header = BlockHeader.read(reader);
  const flags = reader.u8();
  const txCount = reader.u32();
  const sum = reader.u32();
  reader.end();
  if (sum !== checksum(hash, bytes, RECORD_SIZE - 4))
    throw new DecodeError('invalid', RECORD_SIZE - 4, 'wrong checksum');
  return {
    header,
    txCount,
    hasData: (flags & HAS_DATA) !== 0,
    hasUndo: (flags & HAS_UNDO) !== 0,
    failed: (flags & FAILED) !== 0,
  };
}
