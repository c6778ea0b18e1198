import { PierError } from '../../platform/errors.ts';

/**
 * Thrown on bytes that violate the wire format; the connection must be closed. The message is the disconnect reason.
 */
export class FramingError extends PierError {
  declare readonly code: 'bad-magic' | 'oversized-message' | 'no-garbage-terminator' | 'bad-packet';
}

/** A received message, not decoded. */
export interface RawMessage {
  readonly command: string;
  readonly payload: Uint8Array;
  /** Bytes on the wire. */
  readonly size: number;
  /** Why the message is ignored although its frame is intact: a wrong checksum, or a command that is not ASCII. */
  readonly fault?: 'checksum' | 'command';
  /** Gives the payload's memory back once the message is handled or dropped; undefined if there is nothing to do. */
  release?(): void;
}

/** The wire formats: Bitcoin's original one, and BIP324's encrypted one. */
export type TransportVersion = 'v1' | 'v2';

/**
 * The wire format of one connection: frames and parses messages (Core: Transport). It has no timer; the caller sets the
 * time limit for the bytes that precede the first message.
 */
export interface Framing {
  /** The format's name in RPC (Core: transport_protocol_type); `detecting` until the peer's format is known. */
  readonly version: TransportVersion | 'detecting';
  /** The 32-byte session id of v2, once the peer has proved that it has the keys; undefined for v1. */
  readonly sessionId: Uint8Array | undefined;
  /** Whether messages can be framed: v2 first needs the peer's key, an undetected format the peer's first bytes. */
  readonly isOpen: boolean;
  /** Whether, if the peer disconnects now, to reconnect with v1: it has not sent a byte in reply to our v2 key. */
  readonly shouldReconnectV1: boolean;
  /** Returns the bytes to send first. Called once, before all other methods. */
  start(): readonly Uint8Array[];
  /**
   * Parses received bytes and delivers the messages they complete, in order. `reply` receives bytes that the format
   * itself sends in response. Throws `FramingError`.
   */
  receive(chunk: Uint8Array, deliver: (message: RawMessage) => void, reply: (bytes: Uint8Array) => void): void;
  /** Drops an incomplete message. Called once, when the connection is closed. */
  close(): void;
  /** Frames one message. Returns parts to send in order, so that a large payload is not copied. */
  frame(command: string, payload: Uint8Array): readonly Uint8Array[];
}
