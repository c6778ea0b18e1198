import { ByteReader } from '../../../bytes/reader.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import type { MessageCodec } from './codec.ts';

export interface SendCmpctMessage {
  /** Whether new blocks are to be announced by `cmpctblock`, unasked. */
  readonly highBandwidth: boolean;
  /** uint64: 1, or 2 for short ids by wtxid. */
  readonly version: bigint;
}

/** BIP152: the sender understands compact blocks. */
export const sendCmpct: MessageCodec<'sendcmpct', SendCmpctMessage> = {
  command: 'sendcmpct',
  encode: ({ highBandwidth, version }) =>
    new ByteWriter(9)
      .u8(highBandwidth ? 1 : 0)
      .u64(version)
      .finish(),
  decode(payload) {
    const reader = new ByteReader(payload);
    return { highBandwidth: reader.u8() !== 0, version: reader.u64() };
  },
};
