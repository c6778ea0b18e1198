import { ByteReader } from '../../../bytes/reader.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import type { MessageCodec } from './codec.ts';

export interface GetCFCheckptMessage {
  readonly filterType: number;
  /** The last block: 32 bytes, internal order. */
  readonly stopHash: Uint8Array;
}

/** BIP157: asks for every thousandth filter header up to a block. */
export const getCFCheckpt: MessageCodec<'getcfcheckpt', GetCFCheckptMessage> = {
  command: 'getcfcheckpt',
  encode: ({ filterType, stopHash }) => new ByteWriter(33).u8(filterType).bytes(stopHash).finish(),
  decode(payload) {
    const reader = new ByteReader(payload);
    return { filterType: reader.u8(), stopHash: reader.hash() };
  },
};
