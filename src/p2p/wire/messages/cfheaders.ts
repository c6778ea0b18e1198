import { ByteReader } from '../../../bytes/reader.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import { MAX_FILTER_HASHES } from '../protocol.ts';
import { type MessageCodec, readList } from './codec.ts';

/** Hashes are 32 bytes in internal order. */
export interface CFHeadersMessage {
  readonly filterType: number;
  /** The block whose filter's hash is the last. */
  readonly stopHash: Uint8Array;
  /** The filter header of the block before the first; zeroes before the first block of all. */
  readonly previousHeader: Uint8Array;
  /** In the order of the chain; at most MAX_FILTER_HASHES. */
  readonly filterHashes: readonly Uint8Array[];
}

/** BIP157: answers `getcfheaders`. */
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

  decode(payload) {
    const reader = new ByteReader(payload);
    return {
      filterType: reader.u8(),
      stopHash: reader.hash(),
      previousHeader: reader.hash(),
      filterHashes: readList(reader, (r) => r.hash(), MAX_FILTER_HASHES),
    };
  },
};
