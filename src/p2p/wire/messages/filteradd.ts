import { ByteReader } from '../../../bytes/reader.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import type { MessageCodec } from './codec.ts';

export interface FilterAddMessage {
  /** It may be longer than the protocol allows, which is MAX_SCRIPT_ELEMENT_SIZE. */
  readonly element: Uint8Array;
}

/** BIP37: one more element for the filter that was loaded. */
export const filterAdd: MessageCodec<'filteradd', FilterAddMessage> = {
  command: 'filteradd',
  encode: ({ element }) => new ByteWriter(5 + element.length).varBytes(element).finish(),
  decode: (payload) => ({ element: new ByteReader(payload).varBytes() }),
};
