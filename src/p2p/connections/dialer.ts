import { PierError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Endpoint } from '../net/endpoint.ts';
import { formatEndpoint } from '../net/endpoint.ts';
import type { ConnectionType, Peer } from '../peer/peer.ts';
import type { Connection, Transport } from '../transport/connection.ts';
import type { TransportVersion } from '../transport/framing.ts';

/** Creates a peer for a new outbound connection to `target`. */
export type CreatePeer = (
  connection: Connection,
  type: ConnectionType,
  target: Endpoint,
  version: TransportVersion,
) => Peer;

/** A connection attempt in progress. */
export interface PendingDial {
  readonly target: Endpoint;
  readonly type: ConnectionType;
}

/** Opens outbound connections while networking is on; reconnects with v1 if a peer does not answer v2. */
export class Dialer {
  readonly #transport: Transport;
  readonly #logger: Logger;
  readonly #createPeer: CreatePeer;
  /** By endpoint. */
  readonly #pending = new Map<string, PendingDial>();
  /** Reconnections with v1, by the peer that did not answer v2. */
  readonly #retries = new WeakMap<Peer, Promise<Peer>>();
  #abort: AbortController | undefined;

  constructor(modules: { readonly transport: Transport; readonly logger: Logger }, createPeer: CreatePeer) {
    this.#transport = modules.transport;
    this.#logger = modules.logger;
    this.#createPeer = createPeer;
  }

  get isActive(): boolean {
    return this.#abort !== undefined;
  }

  start(): void {
    this.#abort ??= new AbortController();
  }

  /** Aborts the attempts in progress and refuses further ones. */
  stop(): void {
    this.#abort?.abort();
    this.#abort = undefined;
  }

  isDialing(endpoint: Endpoint): boolean {
    return this.#pending.has(formatEndpoint(endpoint));
  }

  /** The connection attempts in progress. */
  pending(): Iterable<PendingDial> {
    return this.#pending.values();
  }

  /** Connects to `target`. Throws `PierError` if the connection fails or networking is off. */
  async dial(target: Endpoint, type: ConnectionType, version: TransportVersion): Promise<Peer> {
    const signal = this.#abort?.signal;
    if (!signal) throw new PierError('network-inactive', 'networking is switched off');
    const key = formatEndpoint(target);
    this.#pending.set(key, { target, type });
    try {
      const connection = await this.#transport.connect(target, signal);
      if (signal.aborted) {
        connection.close();
        throw new PierError('network-inactive', 'networking was switched off during the connection attempt');
      }
      return this.#createPeer(connection, type, target, version);
    } finally {
      this.#pending.delete(key);
    }
  }

  /** Connects without a caller that waits: logs a failure and calls `failed`. */
  tryDial(
    target: Endpoint,
    type: ConnectionType,
    version: TransportVersion,
    failed: (error: unknown) => void = () => {},
  ): void {
    this.dial(target, type, version).catch((error: unknown) => {
      this.#logFailure(target, error);
      failed(error);
    });
  }

  /**
   * Reconnects with v1, at once as in Core, if the closed peer did not answer v2. Its service bits then record
   * that it does not support v2.
   */
  peerClosed(peer: Peer): void {
    if (!peer.shouldReconnectV1 || !peer.target || !this.isActive) return;
    const { target, type } = peer;
    const retry = this.dial(target, type, 'v1');
    this.#retries.set(peer, retry);
    retry.catch((error: unknown) => this.#logFailure(target, error));
  }

  /** Returns the reconnection with v1 that replaces a closed peer; undefined if there is none. */
  retryOf(peer: Peer): Promise<Peer> | undefined {
    return this.#retries.get(peer);
  }

  #logFailure(target: Endpoint, error: unknown): void {
    this.#logger.debug({ endpoint: formatEndpoint(target), err: error }, 'connection attempt failed');
  }
}
