import { PierError } from '../platform/errors.ts';

/** Bytes that no honest peer sends; the connection is of no more use. */
export class FramingError extends PierError {
  declare readonly code: 'bad-magic' | 'oversized-message';
}

/** One message as it came. */
export interface RawMessage {
  readonly command: string;
  readonly payload: Uint8Array;
  /** Bytes on the wire. */
  readonly size: number;
  /** Why it is to be dropped although its frame is sound: a wrong checksum, or a command of impossible characters. */
  readonly fault?: 'checksum' | 'command';
}

/** How messages become bytes and bytes messages: the wire format of one connection, of one version of the protocol. */
export interface Framing {
  /** As RPC names it (Core: transport_protocol_type). */
  readonly version: 'v1' | 'v2';
  /** Takes bytes as they come and delivers the messages they complete, in order. Throws `FramingError`. */
  receive(chunk: Uint8Array, deliver: (message: RawMessage) => void): void;
  /** The bytes of one message, in parts to be sent in order, so that a large payload is not copied. */
  frame(command: string, payload: Uint8Array): readonly Uint8Array[];
}
