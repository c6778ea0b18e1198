import { PierError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Endpoint } from '../net/endpoint.ts';
import { formatEndpoint } from '../net/endpoint.ts';
import type { ConnectionType, Peer } from '../peer/peer.ts';
import type { Connection, Transport } from '../transport/connection.ts';
import type { TransportVersion } from '../transport/framing.ts';

/** Makes a peer of a new connection to `target`. */
export type Opened = (
  connection: Connection,
  type: ConnectionType,
  target: Endpoint,
  version: TransportVersion,
) => Peer;

/** A call that is under way. */
export interface Call {
  readonly target: Endpoint;
  readonly type: ConnectionType;
}

/** Calls others, while networking is on; with v1 those, too, who do not answer v2. */
export class Dialer {
  readonly #transport: Transport;
  readonly #logger: Logger;
  readonly #opened: Opened;
  /** By endpoint. */
  readonly #calls = new Map<string, Call>();
  /** Calls with v1 that follow on calls with v2 which were not answered. */
  readonly #retries = new WeakMap<Peer, Promise<Peer>>();
  #abort: AbortController | undefined;

  constructor(modules: { readonly transport: Transport; readonly logger: Logger }, opened: Opened) {
    this.#transport = modules.transport;
    this.#logger = modules.logger;
    this.#opened = opened;
  }

  get isActive(): boolean {
    return this.#abort !== undefined;
  }

  start(): void {
    this.#abort ??= new AbortController();
  }

  /** Ends the calls under way, and makes no more. */
  stop(): void {
    this.#abort?.abort();
    this.#abort = undefined;
  }

  isCalling(endpoint: Endpoint): boolean {
    return this.#calls.has(formatEndpoint(endpoint));
  }

  /** Those under way. */
  calls(): Iterable<Call> {
    return this.#calls.values();
  }

  /** Throws `PierError` if nobody answers, or networking is off. */
  async call(target: Endpoint, type: ConnectionType, version: TransportVersion): Promise<Peer> {
    const signal = this.#abort?.signal;
    if (!signal) throw new PierError('network-inactive', 'networking is switched off');
    const key = formatEndpoint(target);
    this.#calls.set(key, { target, type });
    try {
      const connection = await this.#transport.connect(target, signal);
      if (signal.aborted) {
        connection.close();
        throw new PierError('network-inactive', 'networking was switched off meanwhile');
      }
      return this.#opened(connection, type, target, version);
    } finally {
      this.#calls.delete(key);
    }
  }

  /** Calls for nobody who waits; a failure is logged, and told to `failed`. */
  tryCall(target: Endpoint, type: ConnectionType, version: TransportVersion, failed: () => void = () => {}): void {
    this.call(target, type, version).catch((error: unknown) => {
      this.#logFailure(error);
      failed();
    });
  }

  /**
   * The connection with `peer` has ended. If that was for want of v2, calls again with v1: at once, like Core. Whether
   * the peer knows v2 is remembered by the services that it tells us of.
   */
  closed(peer: Peer): void {
    if (!peer.shouldReconnectV1 || !peer.target || !this.isActive) return;
    const retry = this.call(peer.target, peer.type, 'v1');
    this.#retries.set(peer, retry);
    retry.catch((error: unknown) => this.#logFailure(error));
  }

  /** The call with v1 that follows on this peer, which is gone without having answered our v2. */
  retryOf(peer: Peer): Promise<Peer> | undefined {
    return this.#retries.get(peer);
  }

  #logFailure(error: unknown): void {
    this.#logger.debug({ err: error }, 'a connection could not be made');
  }
}
