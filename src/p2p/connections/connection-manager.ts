import type { Chain } from '../../chain/chain.ts';
import type { HeaderView } from '../../chain/tree/header-view.ts';
import type { Mempool } from '../../mempool/mempool.ts';
import type { Clock, Timer } from '../../platform/clock.ts';
import { Emitter } from '../../platform/emitter.ts';
import { PierError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Random } from '../../platform/random.ts';
import { MemoryStore } from '../../store/memory-store.ts';
import type { Store } from '../../store/store.ts';
import { AddressManager } from '../addresses/address-manager.ts';
import { type Ban, BanList } from '../addresses/ban-list.ts';
import { Discouraged } from '../addresses/discouraged.ts';
import { PeersFile } from '../addresses/peers-file.ts';
import { ProgressMeter, type SyncProgress } from '../blocks/sync-progress.ts';
import type { Endpoint } from '../net/endpoint.ts';
import { formatEndpoint } from '../net/endpoint.ts';
import { isInSubnet, type Subnet } from '../net/subnet.ts';
import type { HandshakeCommand, LocalNode } from '../peer/handshake.ts';
import { type ConnectionType, Peer, type PeerHooks } from '../peer/peer.ts';
import type { Direction } from '../peer/traffic.ts';
import { createParts } from '../processing/full-node-processor.ts';
import { fullNodeServices } from '../processing/full-node-services.ts';
import type { MakeParts, PeerFollower, PeerParts } from '../processing/message-processor.ts';
import { type PeerInfo, peerInfo } from '../processing/peer-info.ts';
import type { Connection, Listener, Transport } from '../transport/connection.ts';
import type { Framing, TransportVersion } from '../transport/framing.ts';
import { V1Framing } from '../transport/v1-framing.ts';
import { DetectingFraming } from '../transport/v2/detecting-framing.ts';
import { V2Framing } from '../transport/v2/v2-framing.ts';
import type { Command, MessageOf } from '../wire/messages/index.ts';
import { ServiceFlag } from '../wire/protocol.ts';
import { type ConnectionLimits, connectionLimits } from './connection-limits.ts';
import { Connector } from './connector.ts';
import { peerToEvict } from './eviction-candidate.ts';

/** Spacings of blocks after which one is overdue (Core: TipMayBeStale). */
const STALE_SPACINGS = 3;
/** Milliseconds between writes of what was learnt about addresses. */
const SAVE_MS = 5_000;
const DEFAULT_USER_AGENT = '/Pier:0.1.0/';
/** Milliseconds between looks at all that has a time limit. */
const TICK_MS = 1_000;

export interface ConnectionManagerOptions {
  /** Where to accept connections; nowhere by default. */
  readonly listen?: Endpoint;
  /** Nodes to stay connected to. */
  readonly addNodes?: readonly Endpoint[];
  /** All connections but those that a person wants (Core: -maxconnections); inbound ones get what the others leave. */
  readonly maxConnections?: number;
  readonly maxInbound?: number;
  /** Connections to make to addresses that were learnt; some more are made for blocks only. */
  readonly maxOutbound?: number;
  readonly maxBlockRelayOnly?: number;
  readonly userAgent?: string;
  /** A node without these is not worth one of our own connections; default: the whole chain, with witnesses. */
  readonly requiredServices?: bigint;
  /** Whether the nodes of `addNodes` and `addNode` are kept, whatever they do; default true, as in Core. */
  readonly sparesAddedNodes?: boolean;
  /** Takes no transactions from peers. */
  readonly blocksOnly?: boolean;
  /** Whether the encrypted transport of BIP324 is offered and used, with peers that know it; default true. */
  readonly v2Transport?: boolean;
  /** Whether transactions are announced after random delays, for privacy; default: at once. */
  readonly trickle?: boolean;
  /** Whether peers may have blocks and announcements filtered by Bloom filters (BIP37), which costs much work; default: no. */
  readonly bloomFilters?: boolean;
}

/** A node with the whole chain brings its mempool; any other says what it does with peers. */
export type ConnectionManagerModules = CommonModules &
  (
    | { readonly chain: Chain; readonly mempool: Mempool; readonly makeParts?: undefined }
    | { readonly chain: HeaderView; readonly makeParts: MakeParts }
  );

interface CommonModules {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Keeps what is known about others; the chain's store will do. In memory by default. */
  readonly store?: Store;
}

export type ConnectionManagerEvents = {
  /** There is a connection. */
  connected: { readonly peer: Peer };
  /** The handshake is done. */
  ready: { readonly peer: Peer };
  disconnected: { readonly peer: Peer; readonly reason: string };
  message: { readonly peer: Peer; readonly command: string; readonly bytes: number; readonly direction: Direction };
  /** While blocks are known to be missing, about once a second, and once when that is over. */
  progress: SyncProgress;
};

/** A node's place in the network: who its peers are, and who hears of what they do. */
export class ConnectionManager {
  readonly events = new Emitter<ConnectionManagerEvents>();
  readonly addresses: AddressManager;

  readonly #options: ConnectionManagerOptions;
  readonly #modules: ConnectionManagerModules;
  readonly #parts: PeerParts;
  readonly #connector: Connector;
  readonly #followers: readonly PeerFollower[];
  readonly #peers = new Set<Peer>();
  readonly #discouraged = new Discouraged();
  readonly #bans: BanList;
  readonly #file: PeersFile;
  readonly #addressKey: Uint8Array;
  readonly #limits: ConnectionLimits;
  /** Part of what decides who makes room for another. */
  readonly #secret: Uint8Array;
  /** Endpoints that turned out to be our own. */
  readonly #ownEndpoints = new Set<string>();
  /** Bits of `ServiceFlag` that we offer. */
  readonly services: bigint;
  readonly #requiredServices: bigint;
  readonly #v2: boolean;
  readonly #local: LocalNode;
  readonly #hooks: PeerHooks;
  readonly #quiet: LocalNode;
  readonly #unsubscribe: () => void;
  readonly #progress: ProgressMeter;
  readonly #bytes = { sent: 0, received: 0 };
  #nextId = 0;
  #networkActive = true;
  #started = false;
  /** These by the monotonic clock. */
  #lastTipAt: number;
  #nextSave = 0;
  #listener: Listener | undefined;
  #timer: Timer | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: ConnectionManagerOptions, modules: ConnectionManagerModules) {
    this.#options = options;
    this.#modules = modules;
    const { clock, random, chain } = modules;
    this.#v2 = options.v2Transport ?? true;
    this.services =
      (modules.makeParts ? 0n : fullNodeServices(options, modules.chain)) | (this.#v2 ? ServiceFlag.P2P_V2 : 0n);
    this.#requiredServices = options.requiredServices ?? ServiceFlag.NETWORK | ServiceFlag.WITNESS;
    this.#limits = connectionLimits(options);
    this.#file = new PeersFile(modules.store ?? new MemoryStore());
    this.#addressKey = this.#file.key() ?? random.bytes(32);
    this.addresses = new AddressManager({
      clock,
      random,
      key: this.#addressKey,
      changed: (address, isRemoved) => this.#file.addressChanged(address, isRemoved),
    });
    this.#bans = new BanList(clock, this.#file.bans(), (bans) => this.#file.setBans(bans));
    this.#secret = random.bytes(32);
    this.#progress = new ProgressMeter(clock);
    this.#lastTipAt = clock.monotonic();
    this.#unsubscribe = chain.events.on('tip', () => {
      this.#lastTipAt = clock.monotonic();
    });
    const isRefused = (endpoint: Endpoint) => this.#discouraged.has(endpoint) || this.#bans.has(endpoint.host);
    const { addresses } = this;
    const partsOptions = {
      services: this.services,
      blocksOnly: options.blocksOnly ?? false,
      trickle: options.trickle ?? false,
      ownEndpoint: () => this.endpoint,
      isRefused,
      addressesLearned: () => this.#connector.fill(),
    };
    this.#parts = modules.makeParts
      ? modules.makeParts(partsOptions, addresses)
      : createParts(partsOptions, { ...modules, addresses });
    const connectorOptions = { ...this.#limits, anchors: this.#file.anchors(), v2: this.#v2 };
    this.#connector = new Connector(
      connectorOptions,
      { ...modules, addresses },
      {
        opened: (connection, type, target, version) => this.#open(connection, type, target, version),
        peers: () => this.#peers,
        listening: () => this.endpoint,
        isOwn: (endpoint) => this.#isOwn(endpoint),
        isRefused,
        isTipStale: () => this.#isTipStale(),
        lastAnnouncement: (peer) => this.#parts.lastAnnouncement(peer),
        hasBlocksInFlight: (peer) => this.#parts.hasBlocksInFlight(peer),
        isProtected: (peer) => this.#parts.isProtected(peer),
      },
    );
    this.#followers = [...this.#parts.followers, this.#connector];
    this.#local = {
      services: this.services,
      userAgent: options.userAgent ?? DEFAULT_USER_AGENT,
      relay: !partsOptions.blocksOnly,
      startHeight: () => modules.chain.tip.height,
      listening: () => this.endpoint,
      isOwnNonce: (nonce) => this.#isOwnNonce(nonce),
    };
    this.#quiet = { ...this.#local, relay: false };
    this.#hooks = {
      ready: (peer) => this.#peerReady(peer),
      message: (peer, command, message) => this.#dispatch(peer, command, message),
      misbehaving: (peer, reason) => this.#misbehaving(peer, reason),
      traffic: (peer, command, bytes, direction) => {
        this.#bytes[direction] += bytes;
        this.events.emit('message', { peer, command, bytes, direction });
      },
      closed: (peer, reason) => this.#peerClosed(peer, reason),
    };
  }

  /** Listens, and begins to connect. Throws `PierError` if the port cannot be had. */
  async start(): Promise<void> {
    const { listen, addNodes = [] } = this.#options;
    if (listen) {
      this.#listener = await this.#modules.transport.listen(listen, (connection) => this.#accept(connection));
    }
    this.#started = true;
    if (!this.#file.key()) this.#file.setKey(this.#addressKey);
    for (const kept of this.#file.addresses()) this.addresses.restore(kept);
    // Used once: should they be the reason for a crash, the next start goes without.
    this.#file.setAnchors([]);
    for (const endpoint of addNodes) this.#connector.addNode(endpoint);
    this.#connector.start();
    this.#scheduleTick();
  }

  /** Leaves the network. Resolves when every connection is closed and every block received is processed. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#timer?.cancel();
    this.#unsubscribe();
    this.#connector.stop();
    if (this.#started) this.#file.setAnchors(this.#connector.currentAnchors());
    const listenerClosed = this.#listener?.close();
    for (const peer of [...this.#peers]) peer.disconnect('shutting down');
    for (const follower of this.#followers) follower.close?.();
    await Promise.all([listenerClosed, this.#parts.idle(), this.#started ? this.#file.flush() : undefined]);
  }

  /** Where we listen, as bound. */
  get endpoint(): Endpoint | undefined {
    return this.#listener?.endpoint;
  }

  get userAgent(): string {
    return this.#local.userAgent;
  }

  /** Bytes of messages to and from all peers so far, those that have gone among them. */
  get totalBytes(): { readonly sent: number; readonly received: number } {
    return this.#bytes;
  }

  /** Whether peers' transactions are taken. */
  get relaysTransactions(): boolean {
    return this.#local.relay;
  }

  get networkActive(): boolean {
    return this.#networkActive;
  }

  /** Switches all networking off or on (Core: setnetworkactive). */
  setNetworkActive(active: boolean): void {
    if (active === this.#networkActive || this.#stopping) return;
    this.#networkActive = active;
    if (active) {
      this.#connector.start();
    } else {
      this.#connector.stop();
      for (const peer of [...this.#peers]) peer.disconnect('networking is switched off');
    }
  }

  /** Those whose handshake is not done are among them. */
  peers(): readonly Peer[] {
    return [...this.#peers];
  }

  /** What `getpeerinfo` shows of a peer. */
  info(peer: Peer): PeerInfo {
    return peerInfo(peer, this.#parts.info(peer));
  }

  /**
   * Connects once, with v2 or v1 (default: as the node's own setting says); resolves when the handshake is done. A peer
   * that does not know v2 is called again with v1. Throws `PierError` 'connect-failed'.
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
        else reject(new PierError('connect-failed', `${formatEndpoint(endpoint)} was reached, but: ${reason}`));
      };
      if (peer.isClosed) settle(() => ended('the connection has ended'));
    });
  }

  /** The nodes that we stay connected to. */
  addedNodes(): readonly Endpoint[] {
    return this.#connector.added.endpoints();
  }

  /** Stays connected to a node from now on; v2 as for `connect`. Returns false if it was added before. */
  addNode(endpoint: Endpoint, v2?: boolean): boolean {
    return this.#connector.addNode(endpoint, v2);
  }

  /** Undoes `addNode`; an existing connection stays. Returns false if it had not been added. */
  removeNode(endpoint: Endpoint): boolean {
    return this.#connector.added.remove(endpoint);
  }

  /** Ends the connection with a peer, or all with the node at an endpoint. Returns whether there was one. */
  disconnect(target: Peer | Endpoint): boolean {
    const found = target instanceof Peer ? [target] : [...this.#peers].filter((peer) => peer.isAt(target));
    for (const peer of found) peer.disconnect('disconnected on request');
    return found.length > 0;
  }

  /** The subnets that a person has banned. */
  bans(): readonly Ban[] {
    return this.#bans.entries();
  }

  /** Whether exactly this subnet is banned, or for a single address, whether it is in one that is. */
  isBanned(target: Subnet | string): boolean {
    return typeof target === 'string' ? this.#bans.has(target) : this.#bans.hasSubnet(target);
  }

  /** Bans a subnet until a time in Unix seconds, and ends all connections with it. Survives a restart. */
  ban(subnet: Subnet, until: number): void {
    this.#bans.add(subnet, until);
    for (const peer of [...this.#peers]) if (isInSubnet(peer.remote.host, subnet)) peer.disconnect('banned');
  }

  /** Returns whether exactly this subnet was banned. */
  unban(subnet: Subnet): boolean {
    return this.#bans.remove(subnet);
  }

  clearBans(): void {
    this.#bans.clear();
  }

  #accept(connection: Connection): void {
    if (this.#mayAccept(connection.remote)) this.#open(connection, 'inbound', undefined, this.#v2 ? 'v2' : 'v1');
    else connection.close();
  }

  #mayAccept(remote: Endpoint): boolean {
    if (!this.#networkActive || this.#stopping || this.#bans.has(remote.host)) return false;
    const inbound = [...this.#peers].filter((peer) => peer.inbound);
    const { maxInbound } = this.#limits;
    // The last place is for those who have done nothing wrong.
    if (inbound.length + 1 >= maxInbound && this.#discouraged.has(remote)) return false;
    return inbound.length < maxInbound || this.#makeRoom(inbound);
  }

  /** Gives up an inbound peer for another. Returns false if all are worth keeping. */
  #makeRoom(inbound: readonly Peer[]): boolean {
    const isDiscouraged = ({ remote }: Peer) => this.#discouraged.has(remote);
    const evicted = peerToEvict(inbound, (peer) => this.#parts.info(peer), this.#secret, isDiscouraged);
    evicted?.disconnect('evicted to make room for another');
    return evicted !== undefined;
  }

  /** A format that can also be `version`: callers may choose v1. */
  #framing(inbound: boolean, version: TransportVersion): Framing {
    const { random, chain } = this.#modules;
    const { magic } = chain.params;
    if (version === 'v1') return new V1Framing(magic);
    return inbound ? new DetectingFraming(magic, random) : new V2Framing({ magic, initiating: true }, random);
  }

  #open(connection: Connection, type: ConnectionType, target: Endpoint | undefined, version: TransportVersion): Peer {
    const { clock, random, logger } = this.#modules;
    const peer = new Peer(
      {
        id: this.#nextId++,
        type,
        target,
        local: type === 'block-relay-only' || type === 'feeler' ? this.#quiet : this.#local,
        requiredServices: type === 'outbound-full-relay' || type === 'block-relay-only' ? this.#requiredServices : 0n,
        framing: this.#framing(connection.inbound, version),
      },
      { connection, clock, random, logger, hooks: this.#hooks },
    );
    this.#peers.add(peer);
    this.events.emit('connected', { peer });
    peer.start();
    return peer;
  }

  #peerReady(peer: Peer): void {
    this.#log(peer, 'connected');
    if (peer.type === 'feeler') {
      this.#connector.peerReady(peer);
      peer.disconnect('feeler: somebody is there');
      return;
    }
    for (const follower of this.#followers) follower.peerReady?.(peer);
    if (!peer.isClosed) this.events.emit('ready', { peer });
  }

  #peerClosed(peer: Peer, reason: string): void {
    this.#log(peer, `disconnected: ${reason}`);
    this.#peers.delete(peer);
    for (const follower of this.#followers) follower.peerClosed?.(peer);
    this.events.emit('disconnected', { peer, reason });
  }

  #dispatch<C extends Command>(peer: Peer, command: C, message: MessageOf<C>): void | Promise<void> {
    type Known = Exclude<Command, HandshakeCommand>;
    return this.#parts.dispatch(peer, command as Known, message as MessageOf<Known>);
  }

  /** Core's judgement: a peer that a person chose stays; one on this machine goes; others are remembered, too. */
  #misbehaving(peer: Peer, reason: string): void {
    if (peer.type === 'manual') {
      if (this.#options.sparesAddedNodes ?? true) {
        this.#log(peer, `misbehaving: ${reason}`);
        return;
      }
      if (peer.target) this.#connector.added.remove(peer.target);
    }
    this.#discouraged.add(peer.remote, peer.target);
    peer.disconnect(`misbehaving: ${reason}`);
  }

  #isOwnNonce(nonce: bigint): boolean {
    for (const peer of this.#peers) {
      if (peer.inbound || peer.handshake.nonce !== nonce) continue;
      if (peer.target) {
        this.#ownEndpoints.add(formatEndpoint(peer.target));
        this.addresses.remove(peer.target);
      }
      return true;
    }
    return false;
  }

  #isOwn(endpoint: Endpoint): boolean {
    const key = formatEndpoint(endpoint);
    return this.#ownEndpoints.has(key) || (this.endpoint !== undefined && formatEndpoint(this.endpoint) === key);
  }

  #isTipStale(): boolean {
    const { clock, chain } = this.#modules;
    const isOverdue = clock.monotonic() - this.#lastTipAt > STALE_SPACINGS * chain.params.powTargetSpacing * 1000;
    return isOverdue && ![...this.#peers].some((peer) => this.#parts.hasBlocksInFlight(peer));
  }

  #save(): void {
    const now = this.#modules.clock.monotonic();
    if (now < this.#nextSave) return;
    this.#nextSave = now + SAVE_MS;
    this.#file
      .flush()
      .catch((error: unknown) => this.#modules.logger.error({ err: error }, 'the addresses could not be kept'));
  }

  #scheduleTick(): void {
    this.#timer = this.#modules.clock.after(TICK_MS, () => {
      if (this.#stopping) return;
      this.#scheduleTick();
      for (const peer of [...this.#peers]) peer.tick();
      for (const follower of this.#followers) follower.tick?.();
      this.#save();
      const progress = this.#progress.look(this.#modules.chain.bestHeader.height, this.#parts);
      if (progress) this.events.emit('progress', progress);
    });
  }

  #log(peer: Peer, message: string): void {
    const { userAgent, startHeight } = peer.handshake.remote ?? {};
    const address = formatEndpoint(peer.remote);
    this.#modules.logger.info({ peer: peer.id, address, type: peer.type, userAgent, startHeight }, message);
  }
}
