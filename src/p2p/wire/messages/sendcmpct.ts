import { ByteReader } from '../../../bytes/reader.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import type { MessageCodec } from './codec.ts';

/** The content of `sendcmpct`. */
export interface SendCmpctMessage {
  /** Whether the sender requests announcements of new blocks by `cmpctblock`. */
  readonly highBandwidth: boolean;
  /** uint64: 1 for short ids by txid, 2 by wtxid. */
  readonly version: bigint;
}

/** Signals that the sender supports compact blocks (BIP152). */
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
