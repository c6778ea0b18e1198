import { DecodeError } from '../../bytes/errors.ts';
import { toReversedHex } from '../../bytes/hex.ts';
import { ByteReader } from '../../bytes/reader.ts';
import { sha256d } from '../../crypto/hash.ts';

/** Hashes that are read of a message at most. */
const MAX_HASHES = 8;

const HEADER_SIZE = 80;

/** The blocks and transactions that a message names or carries. */
export interface MessageSubjects {
  /**
   * The first eight, as hex in the byte order of RPC: block hashes, txids, and wtxids where the message has these. Of
   * `headers` the last one alone: it leads to the others.
   */
  readonly hashes: readonly string[];
  /** How many there are. */
  readonly items: number;
}

const NONE: MessageSubjects = { hashes: [], items: 0 };

/**
 * Returns what a message is about, from the few bytes of its payload that say so. Commands that name no block or
 * transaction, and payloads that end too early, have none.
 */
export function messageSubjects(command: string, payload: Uint8Array): MessageSubjects {
  try {
    return read(command, payload);
  } catch (error) {
    if (error instanceof DecodeError) return NONE;
    throw error;
  }
}

function read(command: string, payload: Uint8Array): MessageSubjects {
  const reader = new ByteReader(payload);
  switch (command) {
    case 'inv':
    case 'getdata':
    case 'notfound':
      return readEntries(reader);
    case 'tx':
      return payload.length === 0 ? NONE : one(sha256d(payload));
    case 'block':
    case 'cmpctblock':
    case 'merkleblock':
      return one(sha256d(reader.bytes(HEADER_SIZE)));
    case 'headers':
      return readLastHeader(reader);
    // The hash of the block stands first.
    case 'getblocktxn':
    case 'blocktxn':
      return one(reader.hash());
    case 'cfilter':
      // After the type of the filter.
      reader.skip(1);
      return one(reader.hash());
    default:
      return NONE;
  }
}

function one(hash: Uint8Array): MessageSubjects {
  return { hashes: [toReversedHex(hash)], items: 1 };
}

function readEntries(reader: ByteReader): MessageSubjects {
  const items = reader.compactSize();
  const hashes: string[] = [];
  while (hashes.length < Math.min(items, MAX_HASHES)) {
    // The type of the entry.
    reader.skip(4);
    hashes.push(toReversedHex(reader.hash()));
  }
  return { hashes, items };
}

function readLastHeader(reader: ByteReader): MessageSubjects {
  const items = reader.compactSize();
  if (items === 0) return NONE;
  // Each is followed by the number of its transactions: one byte, 0.
  reader.skip((items - 1) * (HEADER_SIZE + 1));
  return { hashes: [toReversedHex(sha256d(reader.bytes(HEADER_SIZE)))], items };
}
