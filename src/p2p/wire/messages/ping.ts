import { ByteReader } from '../../../bytes/reader.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import type { MessageCodec } from './codec.ts';

export interface PingMessage {
  /** uint64; undefined from peers before BIP31, which expect no answer. */
  readonly nonce: bigint | undefined;
}

/** BIP31: asks for a `pong` with the same nonce. */
export const ping: MessageCodec<'ping', PingMessage> = {
  command: 'ping',
  encode: ({ nonce }) => (nonce === undefined ? new Uint8Array(0) : new ByteWriter(8).u64(nonce).finish()),
  decode: (payload) => ({ nonce: payload.length === 0 ? undefined : new ByteReader(payload).u64() }),
};
