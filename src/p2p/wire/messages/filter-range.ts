import { ByteReader } from '../../../bytes/reader.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import type { MessageCodec } from './codec.ts';

/** Asks for something of the filters of all blocks from a height up to a block (BIP157). */
export interface FilterRangeMessage {
  readonly filterType: number;
  /** uint32. */
  readonly startHeight: number;
  /** The last block: 32 bytes, internal order. Its chain is the one that is meant. */
  readonly stopHash: Uint8Array;
}

/** `getcfilters` and `getcfheaders` differ in their command only. */
export function filterRangeCodec<Command extends string>(command: Command): MessageCodec<Command, FilterRangeMessage> {
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
