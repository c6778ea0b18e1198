import { ByteReader } from '../../bytes/reader.ts';
import { ByteWriter } from '../../bytes/writer.ts';
import { BlockHeader, HEADER_SIZE } from '../../primitives/header.ts';
import { MAX_HEADERS } from '../protocol.ts';
import type { MessageCodec } from './codec.ts';

export interface HeadersMessage {
  /** At most MAX_HEADERS. */
  readonly headers: readonly BlockHeader[];
}

/** Answers `getheaders`, and announces blocks (BIP130). Each header comes with a count of transactions, always zero. */
export const headers: MessageCodec<'headers', HeadersMessage> = {
  command: 'headers',

  encode(message) {
    return new ByteWriter(3 + (HEADER_SIZE + 1) * message.headers.length)
      .list(message.headers, (w, header) => w.bytes(header.encode()).u8(0))
      .finish();
  },

  decode(payload) {
    const reader = new ByteReader(payload);
    const readHeader = (r: ByteReader) => {
      const header = BlockHeader.read(r);
      r.compactSize();
      return header;
    };
    return { headers: reader.list(readHeader, MAX_HEADERS) };
  },
};
