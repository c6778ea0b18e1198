import { ByteReader } from '../../../bytes/reader.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import type { MessageCodec } from './codec.ts';

/** Hashes are 32 bytes in internal order. */
export interface CFCheckptMessage {
  readonly filterType: number;
  /** The block that was asked for. */
  readonly stopHash: Uint8Array;
  /** Those of the blocks at heights 1,000, 2,000 and so on. Nothing bounds their number but the size of a message. */
  readonly filterHeaders: readonly Uint8Array[];
}

/** BIP157: answers `getcfcheckpt`. */
export const cFCheckpt: MessageCodec<'cfcheckpt', CFCheckptMessage> = {
  command: 'cfcheckpt',

  encode({ filterType, stopHash, filterHeaders }) {
    return new ByteWriter(36 + 32 * filterHeaders.length)
      .u8(filterType)
      .bytes(stopHash)
      .list(filterHeaders, (w, hash) => w.bytes(hash))
      .finish();
  },

  decode(payload) {
    const reader = new ByteReader(payload);
    return { filterType: reader.u8(), stopHash: reader.hash(), filterHeaders: reader.list((r) => r.hash()) };
  },
};
