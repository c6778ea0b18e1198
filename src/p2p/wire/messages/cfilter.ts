import { ByteReader } from '../../../bytes/reader.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import type { MessageCodec } from './codec.ts';

export interface CFilterMessage {
  readonly filterType: number;
  /** 32 bytes, internal order. */
  readonly blockHash: Uint8Array;
  /** As BIP158 encodes it; a view of the payload, and not looked into. */
  readonly filter: Uint8Array;
}

/** BIP157: the filter of one block. */
export const cFilter: MessageCodec<'cfilter', CFilterMessage> = {
  command: 'cfilter',
  encode: ({ filterType, blockHash, filter }) =>
    new ByteWriter(38 + filter.length).u8(filterType).bytes(blockHash).varBytes(filter).finish(),
  decode(payload) {
    const reader = new ByteReader(payload);
    return { filterType: reader.u8(), blockHash: reader.hash(), filter: reader.varBytes() };
  },
};
