import { ByteReader } from '../../../bytes/reader.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import type { MessageCodec } from './codec.ts';

export interface PongMessage {
  /** uint64, of the `ping` that it answers. */
  readonly nonce: bigint;
}

/** BIP31: answers `ping`. */
export const pong: MessageCodec<'pong', PongMessage> = {
  command: 'pong',
  encode: ({ nonce }) => new ByteWriter(8).u64(nonce).finish(),
  decode: (payload) => ({ nonce: new ByteReader(payload).u64() }),
};
