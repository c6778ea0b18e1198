import type { Clock, Timer } from '../platform/clock.ts';
import { PierError } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { AddressManager, KnownAddress } from './address-manager.ts';
import type { Connection, Endpoint, Transport } from './connection.ts';
import { formatEndpoint, reachableEndpoint } from './endpoint.ts';
import type { TransportVersion } from './framing.ts';
import type { ConnectionType, Peer } from './peer.ts';
import { canServeBlocks, ServiceFlag } from './protocol.ts';

/** Milliseconds until a node that we are to stay connected to is called again; doubles while it does not answer. */
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 30_000;

export interface ConnectorOptions {
  /** Connections to make to addresses that were learnt. */
  readonly maxOutbound: number;
  /** Whether peers are called with v2 where nothing speaks against it. */
  readonly v2: boolean;
}

export interface ConnectorModules {
  readonly addresses: AddressManager;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface ConnectorHooks {
  /** Makes a peer of a new connection to `target`. */
  opened(connection: Connection, type: ConnectionType, target: Endpoint, version: TransportVersion): Peer;
  /** All peers, in both directions. */
  peers(): Iterable<Peer>;
  /** Where we listen, if we do. */
  listening(): Endpoint | undefined;
  /** Whether this endpoint is never to be called: ourselves, or discouraged. */
  isRefused(endpoint: Endpoint): boolean;
}

/** A node that we are to stay connected to. */
interface AddedNode {
  readonly endpoint: Endpoint;
  readonly version: TransportVersion;
  delayMs: number;
  timer: Timer | undefined;
}

/** Makes our outgoing connections: to the nodes we were told of, and to some of those we have learnt of. */
export class Connector {
  readonly #options: ConnectorOptions;
  readonly #addresses: AddressManager;
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #hooks: ConnectorHooks;
  readonly #added = new Map<string, AddedNode>();
  /** Endpoints being called. */
  readonly #calling = new Map<string, ConnectionType>();
  /** Calls with v1 that follow on calls with v2 which were not answered. */
  readonly #retries = new WeakMap<Peer, Promise<Peer>>();
  #abort: AbortController | undefined;

  constructor(options: ConnectorOptions, modules: ConnectorModules, hooks: ConnectorHooks) {
    this.#options = options;
    this.#addresses = modules.addresses;
    this.#transport = modules.transport;
    this.#clock = modules.clock;
    this.#logger = modules.logger;
    this.#hooks = hooks;
  }

  start(): void {
    if (this.#abort) return;
    this.#abort = new AbortController();
    for (const node of this.#added.values()) this.#callAdded(node);
    this.fill();
  }

  /** Ends what is being tried, and tries no more. */
  stop(): void {
    this.#abort?.abort();
    this.#abort = undefined;
    for (const node of this.#added.values()) {
      node.timer?.cancel();
      node.delayMs = RETRY_MIN_MS;
    }
  }

  /** The nodes that we are to stay connected to. */
  addedNodes(): Endpoint[] {
    return [...this.#added.values()].map(({ endpoint }) => endpoint);
  }

  /** Returns false if the node was added before. */
  addNode(endpoint: Endpoint, v2 = this.#options.v2): boolean {
    const key = formatEndpoint(endpoint);
    if (this.#added.has(key)) return false;
    const version: TransportVersion = v2 ? 'v2' : 'v1';
    const node = { endpoint, version, delayMs: RETRY_MIN_MS, timer: undefined };
    this.#added.set(key, node);
    this.#callAdded(node);
    return true;
  }

  /** Returns false if the node had not been added. A connection to it stays. */
  removeNode(endpoint: Endpoint): boolean {
    const key = formatEndpoint(endpoint);
    this.#added.get(key)?.timer?.cancel();
    return this.#added.delete(key);
  }

  /** Connects once. Throws `PierError` if nobody answers, or networking is off. */
  connect(endpoint: Endpoint, v2 = this.#options.v2): Promise<Peer> {
    return this.#call(endpoint, 'manual', v2 ? 'v2' : 'v1');
  }

  /** The call with v1 that follows on this peer, which is gone without having answered our v2. */
  retryOf(peer: Peer): Promise<Peer> | undefined {
    return this.#retries.get(peer);
  }

  /** Calls learnt addresses while there are places for them. */
  fill(): void {
    if (!this.#abort) return;
    while (this.#outbound() < this.#options.maxOutbound) {
      const address = this.#addresses.select((candidate) => this.#isSuitable(candidate));
      if (!address) return;
      const { endpoint, services } = address;
      const version = this.#options.v2 && (services & ServiceFlag.P2P_V2) !== 0n ? 'v2' : 'v1';
      this.#addresses.attempted(endpoint);
      this.#call(endpoint, 'outbound-full-relay', version).catch((error: unknown) => this.#logFailure(error));
    }
  }

  peerReady(peer: Peer): void {
    if (peer.target) {
      this.#addresses.succeeded(peer.target, peer.services);
      const node = this.#added.get(formatEndpoint(peer.target));
      if (node) node.delayMs = RETRY_MIN_MS;
    }
    this.#dropTwin(peer);
  }

  /**
   * Two nodes that have just learnt of each other may call each other at the same time. Of these two connections, the
   * one made by whoever has the greater address is given up, by that node; both would, if both could.
   */
  #dropTwin(peer: Peer): void {
    const { endpoint } = peer;
    const own = reachableEndpoint(this.#hooks.listening(), peer.local);
    if (!endpoint || !own || formatEndpoint(own) < formatEndpoint(endpoint)) return;
    for (const twin of this.#hooks.peers()) {
      if (twin === peer || !twin.isReady || twin.inbound === peer.inbound || !twin.isAt(endpoint)) continue;
      const ours = peer.inbound ? twin : peer;
      if (ours.type === 'outbound-full-relay') ours.disconnect('connected twice');
      return;
    }
  }

  peerClosed(peer: Peer): void {
    if (peer.mayNeedV1) this.#retryWithV1(peer);
    const node = peer.endpoint && this.#added.get(formatEndpoint(peer.endpoint));
    if (node) this.#callLater(node);
    this.fill();
  }

  /** Like Core, at once; whether the peer knows v2 is remembered by the services that it tells us of. */
  #retryWithV1(peer: Peer): void {
    if (!peer.target || !this.#abort) return;
    const retry = this.#call(peer.target, peer.type, 'v1');
    this.#retries.set(peer, retry);
    retry.catch((error: unknown) => this.#logFailure(error));
  }

  tick(): void {
    this.fill();
  }

  #outbound(): number {
    let count = 0;
    for (const type of this.#calling.values()) if (type === 'outbound-full-relay') count++;
    for (const peer of this.#hooks.peers()) if (peer.type === 'outbound-full-relay') count++;
    return count;
  }

  #isSuitable({ endpoint, services }: KnownAddress): boolean {
    const key = formatEndpoint(endpoint);
    return (
      canServeBlocks(services) &&
      (services & ServiceFlag.WITNESS) !== 0n &&
      !this.#added.has(key) &&
      !this.#calling.has(key) &&
      !this.#hooks.isRefused(endpoint) &&
      !this.#isConnected(endpoint)
    );
  }

  #isConnected(endpoint: Endpoint): boolean {
    for (const peer of this.#hooks.peers()) if (peer.isAt(endpoint)) return true;
    return false;
  }

  #callAdded(node: AddedNode): void {
    if (!this.#abort || this.#hooks.isRefused(node.endpoint)) return;
    // It has called us, or a person has called it. When it goes, it will be called.
    if (this.#isConnected(node.endpoint)) return;
    if (this.#calling.has(formatEndpoint(node.endpoint))) {
      this.#callLater(node);
      return;
    }
    this.#call(node.endpoint, 'manual', node.version).catch((error: unknown) => {
      this.#logFailure(error);
      this.#callLater(node);
    });
  }

  #callLater(node: AddedNode): void {
    if (!this.#abort || this.#added.get(formatEndpoint(node.endpoint)) !== node) return;
    node.timer?.cancel();
    node.timer = this.#clock.after(node.delayMs, () => this.#callAdded(node));
    node.delayMs = Math.min(node.delayMs * 2, RETRY_MAX_MS);
  }

  async #call(target: Endpoint, type: ConnectionType, version: TransportVersion): Promise<Peer> {
    const signal = this.#abort?.signal;
    if (!signal) throw new PierError('network-inactive', 'networking is switched off');
    const key = formatEndpoint(target);
    this.#calling.set(key, type);
    try {
      const connection = await this.#transport.connect(target, signal);
      if (signal.aborted) {
        connection.close();
        throw new PierError('network-inactive', 'networking was switched off meanwhile');
      }
      return this.#hooks.opened(connection, type, target, version);
    } finally {
      this.#calling.delete(key);
    }
  }

  #logFailure(error: unknown): void {
    this.#logger.debug({ err: error }, 'a connection could not be made');
  }
}
