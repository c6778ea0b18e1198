import { ByteReader } from '../../../bytes/reader.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import type { MessageCodec } from './codec.ts';

/** The content of `ping`. */
export interface PingMessage {
  /** uint64; undefined from peers without BIP31, which expect no `pong`. */
  readonly nonce: bigint | undefined;
}

/** Requests a `pong` with the same nonce (BIP31). */
export const ping: MessageCodec<'ping', PingMessage> = {
  command: 'ping',
  encode: ({ nonce }) => (nonce === undefined ? new Uint8Array(0) : encodeNonce(nonce)),
  decode: (payload) => ({ nonce: payload.length === 0 ? undefined : decodeNonce(payload) }),
};

/** The content of `pong`. */
export interface PongMessage {
  /** uint64: the nonce of the `ping`. */
  readonly nonce: bigint;
}

/** Answers `ping` (BIP31). */
export const pong: MessageCodec<'pong', PongMessage> = {
  command: 'pong',
  encode: ({ nonce }) => encodeNonce(nonce),
  decode: (payload) => ({ nonce: decodeNonce(payload) }),
};

function encodeNonce(nonce: bigint): Uint8Array {
  return new ByteWriter(8).u64(nonce).finish();
}

function decodeNonce(payload: Uint8Array): bigint {
  return new ByteReader(payload).u64();
}
