import type { Clock, Timer } from '../../platform/clock.ts';
import { Emitter } from '../../platform/emitter.ts';
import { PierError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Random } from '../../platform/random.ts';
import type { AddressBook } from '../addresses/address-book.ts';
import { type Endpoint, formatEndpoint } from '../net/endpoint.ts';
import { isInSubnet, type Subnet } from '../net/subnet.ts';
import type { LocalNode } from '../peer/handshake.ts';
import { type ConnectionType, Peer, type PeerHooks } from '../peer/peer.ts';
import type { PeerFollower } from '../peer/peer-follower.ts';
import { type PeerStats, peerStats } from '../peer/peer-stats.ts';
import type { Direction } from '../peer/traffic.ts';
import { TurnScheduler } from '../peer/turn-scheduler.ts';
import type { MessageProcessor, ProcessedCommand } from '../processing/message-processor.ts';
import type { PeerStateStats } from '../processing/peer-state-stats.ts';
import type { Connection, Listener, Transport } from '../transport/connection.ts';
import { createFraming } from '../transport/create-framing.ts';
import type { TransportVersion } from '../transport/framing.ts';
import type { MessageOf } from '../wire/messages/index.ts';
import { ServiceFlag } from '../wire/protocol.ts';
import { type ConnectionLimits, type ConnectionLimitsOptions, connectionLimits } from './connection-limits.ts';
import { peerToEvict } from './eviction-candidate.ts';
import { OutboundConnector } from './outbound-connector.ts';
import { RecentMessages } from './recent-messages.ts';
import { formatUserAgent } from './user-agent.ts';

/** Milliseconds between writes of changed addresses. */
const SAVE_INTERVAL_MS = 5_000;
/** Milliseconds between calls of `tick` on peers and followers. */
const TICK_MS = 1_000;

/** Options of a `ConnectionManager`. */
export interface ConnectionManagerOptions extends ConnectionLimitsOptions {
  /** The network's magic: the first four bytes of each message. */
  readonly magic: Uint8Array;
  /** Endpoints to accept connections at; default: none. */
  readonly listen?: readonly Endpoint[];
  /** Whether to have connections (Core: -networkactive); default true. */
  readonly networkActive?: boolean;
  /** Nodes to stay connected to (Core: -addnode). */
  readonly addNodes?: readonly Endpoint[];
  /** BIP14; default: `formatUserAgent()`. */
  readonly userAgent?: string | undefined;
  /** Whether added nodes stay connected even if they misbehave, as in Core; default true. */
  readonly sparesAddedNodes?: boolean;
}

/** Modules that a `ConnectionManager` uses. */
export interface ConnectionManagerModules {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly book: AddressBook;
  /** Processes the peers' messages. */
  readonly processor: MessageProcessor;
}

/** Events of a connection manager. */
export type ConnectionManagerEvents = {
  /** A connection was opened; the handshake has not begun. */
  connected: { readonly peer: Peer };
  /** A handshake is complete. */
  ready: { readonly peer: Peer };
  disconnected: { readonly peer: Peer; readonly reason: string };
  /** A message was sent or received. */
  message: {
    readonly peer: Peer;
    readonly command: string;
    /** With its framing. */
    readonly bytes: number;
    readonly direction: Direction;
    /** Valid until the listener returns. */
    readonly payload: Uint8Array;
  };
};

/** Connection and processing statistics of a peer, for `getpeerinfo`. */
export type PeerInfo = PeerStats & PeerStateStats;

/**
 * Opens, accepts and closes a node's connections, and passes messages to its processor (Core: CConnman). Independent of
 * blocks and transactions.
 */
export class ConnectionManager {
  readonly events = new Emitter<ConnectionManagerEvents>();
  readonly #options: ConnectionManagerOptions;
  /** Messages that followers of the node may look at. @internal */
  readonly recentMessages: RecentMessages;
  readonly #modules: ConnectionManagerModules;
  readonly #processor: MessageProcessor;
  readonly #book: AddressBook;
  readonly #connector: OutboundConnector;
  readonly #followers: readonly PeerFollower[];
  readonly #peers = new Set<Peer>();
  readonly #limits: ConnectionLimits;
  /** Secret with which eviction hashes netgroups: 32 bytes. */
  readonly #evictionSecret: Uint8Array;
  readonly #transportVersion: TransportVersion;
  readonly #local: LocalNode;
  /** `#local` for connections without transaction relay. */
  readonly #localWithoutRelay: LocalNode;
  readonly #hooks: PeerHooks;
  readonly #turns: TurnScheduler;
  readonly #unsubscribe: () => void;
  readonly #bytes = { sent: 0, received: 0 };
  #nextId = 0;
  #networkActive: boolean;
  #started = false;
  /** Monotonic milliseconds. */
  #nextSave = 0;
  readonly #listeners: Listener[] = [];
  #timer: Timer | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: ConnectionManagerOptions, modules: ConnectionManagerModules) {
    const { book, processor } = modules;
    this.#options = options;
    this.#modules = modules;
    // A node that starts again does not give a number twice.
    this.recentMessages = new RecentMessages(modules.clock.now() * 1_000);
    this.#processor = processor;
    this.#book = book;
    this.#turns = new TurnScheduler(modules.clock);
    this.#limits = connectionLimits(options);
    this.#networkActive = options.networkActive ?? true;
    this.#evictionSecret = modules.random.bytes(32);
    const v2 = (processor.services & ServiceFlag.P2P_V2) !== 0n;
    this.#transportVersion = v2 ? 'v2' : 'v1';
    this.#connector = new OutboundConnector({ ...this.#limits, v2 }, modules, {
      createPeer: (connection, type, target, version) => this.#open(connection, type, target, version),
      peers: () => this.#peers,
    });
    this.#unsubscribe = book.events.on('learned', () => this.#connector.fill());
    this.#followers = [...processor.followers, this.#connector];
    this.#local = {
      services: processor.services,
      userAgent: options.userAgent ?? formatUserAgent(),
      relay: processor.relaysTransactions,
      startHeight: () => processor.startHeight,
      listening: () => book.listening,
      isOwnNonce: (nonce) => this.#isOwnNonce(nonce),
    };
    this.#localWithoutRelay = { ...this.#local, relay: false };
    this.#hooks = {
      ready: (peer) => this.#peerReady(peer),
      // `Peer` handles the handshake's commands itself.
      message: (peer, command, message) =>
        processor.process(peer, command as ProcessedCommand, message as MessageOf<ProcessedCommand>),
      misbehaving: (peer, reason) => this.#misbehaving(peer, reason),
      traffic: (peer, command, bytes, direction, payload) => {
        this.#bytes[direction] += bytes;
        this.events.emit('message', { peer, command, bytes, direction, payload });
      },
      closed: (peer, reason) => this.#peerClosed(peer, reason),
    };
  }

  /** Starts to listen and to connect. Throws `PierError` if the port is taken. */
  async start(): Promise<void> {
    const { listen = [], addNodes = [] } = this.#options;
    for (const endpoint of listen) {
      this.#listeners.push(await this.#modules.transport.listen(endpoint, (connection) => this.#accept(connection)));
    }
    this.#book.listening = this.endpoint;
    this.#started = true;
    this.#book.load();
    // Anchors are used once: if an anchor crashes the node, the next start does not connect to it.
    this.#book.anchors = [];
    for (const endpoint of addNodes) this.#connector.addNode(endpoint);
    if (this.#networkActive) this.#connector.start();
    this.#scheduleTick();
  }

  /** Disconnects all peers. Resolves when every connection is closed and every received block is processed. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#timer?.cancel();
    this.#unsubscribe();
    this.#connector.stop();
    if (this.#started) this.#book.anchors = this.#connector.currentAnchors();
    const listenersClosed = this.#listeners.map((listener) => listener.close());
    for (const peer of [...this.#peers]) peer.disconnect('node shutdown');
    for (const follower of this.#followers) follower.close?.();
    await Promise.all([...listenersClosed, this.#processor.idle(), this.#started ? this.#book.flush() : undefined]);
  }

  /** The addresses of other nodes. */
  get addresses(): AddressBook['addresses'] {
    return this.#book.addresses;
  }

  /** The banned subnets. To add one, use `ban`, which also disconnects its peers. */
  get bans(): Omit<AddressBook['bans'], 'add'> {
    return this.#book.bans;
  }

  /** The first listening endpoint, as bound; undefined if the node does not listen. */
  get endpoint(): Endpoint | undefined {
    return this.#listeners[0]?.endpoint;
  }

  /** Bits of `ServiceFlag` that the node offers. */
  get services(): bigint {
    return this.#local.services;
  }

  get userAgent(): string {
    return this.#local.userAgent;
  }

  /** Bytes sent to and received from all peers, including those that have disconnected. */
  get totalBytes(): { readonly sent: number; readonly received: number } {
    return this.#bytes;
  }

  /** Whether transactions from peers are accepted. */
  get relaysTransactions(): boolean {
    return this.#local.relay;
  }

  get networkActive(): boolean {
    return this.#networkActive;
  }

  /** Enables or disables all P2P networking (Core: setnetworkactive). */
  setNetworkActive(active: boolean): void {
    if (active === this.#networkActive || this.#stopping) return;
    this.#networkActive = active;
    if (active) {
      this.#connector.start();
    } else {
      this.#connector.stop();
      for (const peer of [...this.#peers]) peer.disconnect('network inactive');
    }
  }

  /** All peers, including those whose handshake is not complete. */
  peers(): readonly Peer[] {
    return [...this.#peers];
  }

  /** Returns a peer's statistics. */
  info(peer: Peer): PeerInfo {
    return { ...peerStats(peer), ...this.#processor.stats(peer) };
  }

  /**
   * Connects once; resolves when the handshake is complete. `v2` selects the transport (default: v2 if this node offers
   * it); if the peer does not support v2, reconnects with v1. Throws `PierError` 'connect-failed'.
   */
  async connect(endpoint: Endpoint, v2?: boolean): Promise<Peer> {
    return this.#whenReady(await this.#connector.connect(endpoint, v2), endpoint);
  }

  async #whenReady(peer: Peer, endpoint: Endpoint): Promise<Peer> {
    if (peer.isReady) return peer;
    return new Promise((resolve, reject) => {
      const subscriptions = [
        this.events.on('ready', (event) => event.peer === peer && settle(() => resolve(peer))),
        this.events.on('disconnected', (event) => event.peer === peer && settle(() => ended(event.reason))),
      ];
      const settle = (finish: () => void) => {
        for (const unsubscribe of subscriptions) unsubscribe();
        finish();
      };
      const ended = (reason: string) => {
        const retry = this.#connector.retryOf(peer);
        if (retry) resolve(retry.then((next) => this.#whenReady(next, endpoint)));
        else reject(new PierError('connect-failed', `${formatEndpoint(endpoint)} disconnected: ${reason}`));
      };
      if (peer.isClosed) settle(() => ended('connection closed'));
    });
  }

  /** Nodes to stay connected to. */
  addedNodes(): readonly Endpoint[] {
    return this.#connector.added.endpoints();
  }

  /** Adds a node to stay connected to; `v2` as for `connect`. Returns false if it was added before. */
  addNode(endpoint: Endpoint, v2?: boolean): boolean {
    return this.#connector.addNode(endpoint, v2);
  }

  /** Removes an added node; an existing connection stays open. Returns false if the node was not added. */
  removeNode(endpoint: Endpoint): boolean {
    return this.#connector.added.remove(endpoint);
  }

  /** Disconnects a peer, or all peers at an endpoint. Returns whether there was any. */
  disconnect(target: Peer | Endpoint): boolean {
    const found = target instanceof Peer ? [target] : [...this.#peers].filter((peer) => peer.isAt(target));
    for (const peer of found) peer.disconnect('disconnect requested');
    return found.length > 0;
  }

  /** Bans a subnet until a time in Unix seconds and disconnects its peers (Core: setban). Persisted. */
  ban(subnet: Subnet, until: number): void {
    this.#book.bans.add(subnet, until);
    for (const peer of [...this.#peers]) if (isInSubnet(peer.remote.host, subnet)) peer.disconnect('banned');
  }

  #accept(connection: Connection): void {
    if (this.#mayAccept(connection.remote)) this.#open(connection, 'inbound', undefined, this.#transportVersion);
    else connection.close();
  }

  #mayAccept(remote: Endpoint): boolean {
    if (!this.#networkActive || this.#stopping || this.#book.bans.has(remote.host)) return false;
    const inbound = [...this.#peers].filter((peer) => peer.inbound);
    const { maxInbound } = this.#limits;
    // A discouraged peer does not get the last inbound slot (Core: CreateNodeFromAcceptedSocket).
    if (inbound.length + 1 >= maxInbound && this.#book.discouraged.has(remote)) return false;
    return inbound.length < maxInbound || this.#evictOne(inbound);
  }

  /** Evicts an inbound peer. Returns false if all of them are protected. */
  #evictOne(inbound: readonly Peer[]): boolean {
    const isDiscouraged = ({ remote }: Peer) => this.#book.discouraged.has(remote);
    const evicted = peerToEvict(inbound, (peer) => this.#processor.stats(peer), this.#evictionSecret, isDiscouraged);
    evicted?.disconnect('evicted');
    return evicted !== undefined;
  }

  #open(connection: Connection, type: ConnectionType, target: Endpoint | undefined, version: TransportVersion): Peer {
    const { clock, random, logger } = this.#modules;
    const { magic } = this.#options;
    const isAutomatic = type === 'outbound-full-relay' || type === 'block-relay-only';
    const peer = new Peer(
      {
        id: this.#nextId++,
        type,
        target,
        local: type === 'block-relay-only' || type === 'feeler' ? this.#localWithoutRelay : this.#local,
        requiredServices: isAutomatic ? this.#processor.requiredServices : 0n,
        framing: createFraming(version, connection.inbound, { magic, random }),
      },
      { connection, clock, random, logger, turns: this.#turns, hooks: this.#hooks },
    );
    this.#peers.add(peer);
    this.events.emit('connected', { peer });
    peer.start();
    return peer;
  }

  #peerReady(peer: Peer): void {
    this.#log(peer, 'connected peer');
    if (peer.type === 'feeler') {
      this.#connector.peerReady(peer);
      peer.disconnect('feeler succeeded');
      return;
    }
    for (const follower of this.#followers) follower.peerReady?.(peer);
    if (!peer.isClosed) this.events.emit('ready', { peer });
  }

  #peerClosed(peer: Peer, reason: string): void {
    this.#log(peer, 'disconnected peer', { reason });
    this.#peers.delete(peer);
    for (const follower of this.#followers) follower.peerClosed?.(peer);
    this.events.emit('disconnected', { peer, reason });
  }

  /** Disconnects and discourages a peer unless it is a spared added node (Core: MaybeDiscourageAndDisconnect). */
  #misbehaving(peer: Peer, reason: string): void {
    if (peer.type === 'manual') {
      if (this.#options.sparesAddedNodes ?? true) {
        this.#log(peer, 'misbehaving peer', { reason });
        return;
      }
      if (peer.target) this.#connector.added.remove(peer.target);
    }
    this.#book.discouraged.add(peer.remote, peer.target);
    peer.disconnect(`misbehaving: ${reason}`);
  }

  /** Whether a nonce is from our own version message: a connection of the node to itself (Core: CheckIncomingNonce). */
  #isOwnNonce(nonce: bigint): boolean {
    for (const peer of this.#peers) {
      if (peer.inbound || peer.handshake.nonce !== nonce) continue;
      if (peer.target) this.#book.addOwn(peer.target);
      return true;
    }
    return false;
  }

  #save(): void {
    const { clock, logger } = this.#modules;
    const now = clock.monotonic();
    if (now < this.#nextSave) return;
    this.#nextSave = now + SAVE_INTERVAL_MS;
    this.#book.flush().catch((error: unknown) => logger.error({ err: error }, 'address write failed'));
  }

  #scheduleTick(): void {
    this.#timer = this.#modules.clock.after(TICK_MS, () => {
      if (this.#stopping) return;
      this.#scheduleTick();
      for (const peer of [...this.#peers]) peer.tick();
      for (const follower of this.#followers) follower.tick?.();
      this.#save();
    });
  }

  #log(peer: Peer, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    const { userAgent, startHeight } = peer.handshake.remote ?? {};
    const address = formatEndpoint(peer.remote);
    const about = { peer: peer.id, address, type: peer.type, userAgent, startHeight };
    this.#modules.logger.info({ ...about, ...fields }, message);
  }
}
