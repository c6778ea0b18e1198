import { listInSteps } from '../../../bytes/read-steps.ts';
import { ByteReader } from '../../../bytes/reader.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import { MAX_FILTER_HASHES } from '../protocol.ts';
import { type MessageCodec, readListInSteps, steppedDecoding } from './codec.ts';

// The messages of BIP157. Hashes are 32 bytes in internal order.

/** Requests data about the filters of all blocks from a height to a block. */
export interface FilterRangeMessage {
  readonly filterType: number;
  /** uint32. */
  readonly startHeight: number;
  /** Hash of the last block; the other blocks are its ancestors. */
  readonly stopHash: Uint8Array;
}

function filterRangeCodec<Command extends string>(command: Command): MessageCodec<Command, FilterRangeMessage> {
  return {
    command,
    encode: ({ filterType, startHeight, stopHash }) =>
      new ByteWriter(37).u8(filterType).u32(startHeight).bytes(stopHash).finish(),
    decode(payload) {
      const reader = new ByteReader(payload);
      return { filterType: reader.u8(), startHeight: reader.u32(), stopHash: reader.hash() };
    },
  };
}

/** Requests the filters of at most MAX_FILTERS blocks, answered by a `cfilter` for each. */
export const getCFilters = filterRangeCodec('getcfilters');

/** Requests the hashes of at most MAX_FILTER_HASHES filters, to compute their filter headers. */
export const getCFHeaders = filterRangeCodec('getcfheaders');

/** The content of `getcfcheckpt`. */
export interface GetCFCheckptMessage {
  readonly filterType: number;
  /** Hash of the last block. */
  readonly stopHash: Uint8Array;
}

/** Requests every thousandth filter header up to a block. */
export const getCFCheckpt: MessageCodec<'getcfcheckpt', GetCFCheckptMessage> = {
  command: 'getcfcheckpt',
  encode: ({ filterType, stopHash }) => new ByteWriter(33).u8(filterType).bytes(stopHash).finish(),
  decode(payload) {
    const reader = new ByteReader(payload);
    return { filterType: reader.u8(), stopHash: reader.hash() };
  },
};

/** The content of `cfilter`. */
export interface CFilterMessage {
  readonly filterType: number;
  readonly blockHash: Uint8Array;
  /** The encoded filter (BIP158), not validated; a view of the payload. */
  readonly filter: Uint8Array;
}

/** The filter of one block. */
export const cFilter: MessageCodec<'cfilter', CFilterMessage> = {
  command: 'cfilter',
  encode: ({ filterType, blockHash, filter }) =>
    new ByteWriter(38 + filter.length).u8(filterType).bytes(blockHash).varBytes(filter).finish(),
  decode(payload) {
    const reader = new ByteReader(payload);
    return { filterType: reader.u8(), blockHash: reader.hash(), filter: reader.varBytes() };
  },
};

/** The content of `cfheaders`. */
export interface CFHeadersMessage {
  readonly filterType: number;
  /** Hash of the block of the last filter hash. */
  readonly stopHash: Uint8Array;
  /** Filter header of the block before the first one; zeroes before genesis. */
  readonly previousHeader: Uint8Array;
  /** In chain order; at most MAX_FILTER_HASHES. */
  readonly filterHashes: readonly Uint8Array[];
}

/** Answers `getcfheaders`. */
export const cFHeaders: MessageCodec<'cfheaders', CFHeadersMessage> = {
  command: 'cfheaders',

  encode({ filterType, stopHash, previousHeader, filterHashes }) {
    return new ByteWriter(68 + 32 * filterHashes.length)
      .u8(filterType)
      .bytes(stopHash)
      .bytes(previousHeader)
      .list(filterHashes, (w, hash) => w.bytes(hash))
      .finish();
  },

  ...steppedDecoding(function* (reader) {
    return {
      filterType: reader.u8(),
      stopHash: reader.hash(),
      previousHeader: reader.hash(),
      filterHashes: yield* readListInSteps(reader, (r) => r.hash(), MAX_FILTER_HASHES),
    };
  }),
};

/** The content of `cfcheckpt`. */
export interface CFCheckptMessage {
  readonly filterType: number;
  /** Hash of the requested last block. */
  readonly stopHash: Uint8Array;
  /** Filter headers at heights 1,000, 2,000 and so on; only the message's size limits their number. */
  readonly filterHeaders: readonly Uint8Array[];
}

/** Answers `getcfcheckpt`. */
export const cFCheckpt: MessageCodec<'cfcheckpt', CFCheckptMessage> = {
  command: 'cfcheckpt',

  encode({ filterType, stopHash, filterHeaders }) {
    return new ByteWriter(36 + 32 * filterHeaders.length)
      .u8(filterType)
      .bytes(stopHash)
      .list(filterHeaders, (w, hash) => w.bytes(hash))
      .finish();
  },

  ...steppedDecoding(function* (reader) {
    return {
      filterType: reader.u8(),
      stopHash: reader.hash(),
      filterHeaders: yield* listInSteps(reader, (r) => r.hash()),
    };
  }),
};
