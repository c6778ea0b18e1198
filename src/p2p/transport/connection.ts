import type { Endpoint } from '../net/endpoint.ts';

/**
 * A reliable, ordered stream of bytes to one peer. Each `on…` takes one listener; what happened before it was set is
 * told as soon as it is.
 */
export interface Connection {
  readonly remote: Endpoint;
  /** Our end, where the transport knows it. */
  readonly local: Endpoint | undefined;
  readonly inbound: boolean;
  /** Bytes handed to `send` that have not left yet. */
  readonly bufferedBytes: number;
  /** Queues bytes, which must not be changed afterwards. Does nothing once the connection is closed. */
  send(bytes: Uint8Array): void;
  /** Stops reading: the peer's bytes stay with the peer. */
  pause(): void;
  resume(): void;
  onData(listener: (chunk: Uint8Array) => void): void;
  /** Called when all that was queued has left. */
  onDrain(listener: () => void): void;
  /** Called once, with what went wrong if something did. */
  onClose(listener: (error?: Error) => void): void;
  /** Closes now: what has not left is lost. */
  close(): void;
}

/** A port that accepts connections. */
export interface Listener {
  /** As bound: the real port where 0 was asked for. */
  readonly endpoint: Endpoint;
  /** Stops accepting at once; resolves when the last connection that came in here has closed, too. */
  close(): Promise<void>;
}

/** How nodes reach each other: TCP, or memory in tests and simulations. */
export interface Transport {
  /** Rejects with a `PierError` when nobody answers or `signal` aborts. */
  connect(endpoint: Endpoint, signal?: AbortSignal): Promise<Connection>;
  /** Rejects with a `PierError` when the port cannot be had. */
  listen(endpoint: Endpoint, onConnection: (connection: Connection) => void): Promise<Listener>;
}
