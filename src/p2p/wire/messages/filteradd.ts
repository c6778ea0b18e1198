import { ByteReader } from '../../../bytes/reader.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import type { MessageCodec } from './codec.ts';

/** The content of `filteradd`. */
export interface FilterAddMessage {
  /** At most MAX_SCRIPT_ELEMENT_SIZE bytes by protocol; the handler checks it. */
  readonly element: Uint8Array;
}

/** Adds an element to the sender's Bloom filter (BIP37). */
export const filterAdd: MessageCodec<'filteradd', FilterAddMessage> = {
  command: 'filteradd',
  encode: ({ element }) => new ByteWriter(5 + element.length).varBytes(element).finish(),
  decode: (payload) => ({ element: new ByteReader(payload).varBytes() }),
};
