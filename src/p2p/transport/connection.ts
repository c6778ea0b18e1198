import type { Endpoint } from '../net/endpoint.ts';

/**
 * A reliable, ordered byte stream to one peer. Each `on…` sets the one listener of its kind; events that happened
 * before are delivered then.
 */
export interface Connection {
  readonly remote: Endpoint;
  /** Our end of the connection, if the transport knows it. */
  readonly local: Endpoint | undefined;
  readonly inbound: boolean;
  /** Bytes passed to `send` and not sent yet. */
  readonly bufferedBytes: number;
  /** Queues bytes, which the caller must not change afterwards. Does nothing on a closed connection. */
  send(bytes: Uint8Array): void;
  /** Stops reading, so that the transport's flow control holds the peer back. */
  pause(): void;
  /** Reads again after `pause`. */
  resume(): void;
  /** Called with received bytes. */
  onData(listener: (chunk: Uint8Array) => void): void;
  /** Called when the send queue is empty. */
  onDrain(listener: () => void): void;
  /** Called once; with an error if the connection failed. */
  onClose(listener: (error?: Error) => void): void;
  /** Closes at once and drops unsent bytes. */
  close(): void;
}

/** A listening port. */
export interface Listener {
  /** The bound endpoint: the actual port if port 0 was requested. */
  readonly endpoint: Endpoint;
  /** Stops accepting at once. Resolves when every connection accepted here has closed. */
  close(): Promise<void>;
}

/** Opens and accepts connections: over TCP, or in memory in tests and simulations. */
export interface Transport {
  /** Rejects with a `PierError` if the connection fails or `signal` aborts. */
  connect(endpoint: Endpoint, signal?: AbortSignal): Promise<Connection>;
  /** Rejects with a `PierError` if the port cannot be bound. */
  listen(endpoint: Endpoint, onConnection: (connection: Connection) => void): Promise<Listener>;
}
