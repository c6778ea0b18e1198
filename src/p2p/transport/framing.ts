import { PierError } from '../../platform/errors.ts';

/** Bytes that no honest peer sends; the connection is of no more use. */
export class FramingError extends PierError {
  declare readonly code: 'bad-magic' | 'oversized-message' | 'no-garbage-terminator' | 'bad-packet';
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

/** The two formats that messages travel in: the original one, and the encrypted one of BIP324. */
export type TransportVersion = 'v1' | 'v2';

/**
 * How messages become bytes and bytes messages: the wire format of one connection, with whatever it needs to say before
 * the first message. It has no timer: who waits for it decides how long.
 */
export interface Framing {
  /** As RPC names it (Core: transport_protocol_type): `detecting` until it is certain what the peer speaks. */
  readonly version: TransportVersion | 'detecting';
  /** Of v2 only, once it is certain: 32 bytes that both ends have in common with nobody else. */
  readonly sessionId: Uint8Array | undefined;
  /** Whether messages can be framed. v2 needs the peer's key for it, an undecided format the peer's first bytes. */
  readonly isOpen: boolean;
  /** Whether the peer, if it is gone now, may be one that knows only v1: our v2 has not been answered at all. */
  readonly mayNeedV1: boolean;
  /** What is sent before anything else. Called once, before all other methods. */
  start(): readonly Uint8Array[];
  /**
   * Takes bytes as they come, and delivers the messages they complete, in order. `reply` is given what the format itself
   * has to answer. Throws `FramingError`.
   */
  receive(chunk: Uint8Array, deliver: (message: RawMessage) => void, reply: (bytes: Uint8Array) => void): void;
  /** The bytes of one message, in parts to be sent in order, so that a large payload is not copied. */
  frame(command: string, payload: Uint8Array): readonly Uint8Array[];
}
