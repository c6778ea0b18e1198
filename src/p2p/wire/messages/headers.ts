import { ReadSteps } from '../../../bytes/read-steps.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import { BlockHeader, HEADER_SIZE } from '../../../primitives/header.ts';
import { MAX_HEADERS } from '../protocol.ts';
import { type MessageCodec, OverlongList, steppedDecoding } from './codec.ts';

/** The content of `headers`. */
export interface HeadersMessage {
  /** At most MAX_HEADERS. */
  readonly headers: readonly BlockHeader[];
}

/** Answers `getheaders`, and announces blocks (BIP130). Each header is followed by a transaction count of zero. */
export const headers: MessageCodec<'headers', HeadersMessage> = {
  command: 'headers',

  encode(message) {
    return new ByteWriter(3 + (HEADER_SIZE + 1) * message.headers.length)
      .list(message.headers, (w, header) => w.bytes(header.encode()).u8(0))
      .finish();
  },

  ...steppedDecoding(function* (reader) {
    const count = reader.compactSize();
    // Core reads the headers only if their count is within the limit.
    if (count > MAX_HEADERS) throw new OverlongList(0, count, MAX_HEADERS);
    const headers: BlockHeader[] = [];
    const steps = new ReadSteps(reader);
    for (let i = 0; i < count; i++) {
      headers.push(BlockHeader.read(reader));
      reader.compactSize();
      if (steps.isOver()) yield;
    }
    return { headers };
  }),
};
