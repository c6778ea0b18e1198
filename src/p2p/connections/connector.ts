import { binaryKey } from '../../bytes/compare.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { exponential, type Random } from '../../platform/random.ts';
import type { AddressBook } from '../addresses/address-book.ts';
import type { AddressManager } from '../addresses/address-manager.ts';
import { isCallable, type KnownAddress } from '../addresses/known-address.ts';
import type { Endpoint } from '../net/endpoint.ts';
import { advertisedEndpoint, formatEndpoint } from '../net/endpoint.ts';
import { netGroup } from '../net/netgroup.ts';
import type { ConnectionType, Peer } from '../peer/peer.ts';
import type { MessageProcessor } from '../processing/message-processor.ts';
import type { Transport } from '../transport/connection.ts';
import type { TransportVersion } from '../transport/framing.ts';
import { canServeBlocks, ServiceFlag } from '../wire/protocol.ts';
import { AddedNodes } from './added-nodes.ts';
import { Dialer, type Opened } from './dialer.ts';

/** Milliseconds between two visits to addresses to see who is there (Core: FEELER_INTERVAL). */
const FEELER_INTERVAL_MS = 2 * 60_000;
/** Milliseconds between looks whether blocks have stopped coming (Core: STALE_CHECK_INTERVAL). */
const STALE_CHECK_MS = 10 * 60_000;
/** Milliseconds between looks whether there is a peer too many (Core: EXTRA_PEER_CHECK_INTERVAL). */
const EXTRA_CHECK_MS = 45_000;
/** Milliseconds that a peer has to show its worth (Core: MINIMUM_CONNECT_TIME). */
const PROBATION_MS = 30_000;
/** Addresses drawn in search of one to call (Core: ThreadOpenConnections). */
const MAX_DRAWS = 100;
/** Milliseconds until the next search after one in vain, unless something changes. */
const REST_MS = 5_000;
/** While fewer are connected, failures are not the addresses' fault (Core's fCountFailures). */
const MIN_PEERS_TO_BLAME = 2;

export interface ConnectorOptions {
  /** Connections to make to addresses that were learnt, for all purposes, and for blocks only. */
  readonly maxOutbound: number;
  readonly maxBlockRelayOnly: number;
  /** Whether peers are called with v2 where nothing speaks against it. */
  readonly v2: boolean;
}

export interface ConnectorModules {
  readonly book: AddressBook;
  readonly processor: MessageProcessor;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface ConnectorHooks {
  readonly opened: Opened;
  /** All peers, in both directions. */
  peers(): Iterable<Peer>;
}

/** What new connections of our own are not to lead to. */
interface Taken {
  readonly endpoints: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
}

/** Makes our outgoing connections: to the nodes we were told of, and to some of those we have learnt of. */
export class Connector {
  readonly added: AddedNodes;
  readonly #options: ConnectorOptions;
  readonly #book: AddressBook;
  readonly #addresses: AddressManager;
  readonly #processor: MessageProcessor;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #hooks: ConnectorHooks;
  readonly #dialer: Dialer;
  readonly #groups = new WeakMap<Peer, string>();
  #anchors: readonly Endpoint[];
  /** These by the monotonic clock. */
  #restUntil = 0;
  #nextFeeler: number;
  #nextStaleCheck: number;
  #nextExtraCheck = 0;
  /** One more peer than usual is wanted, as the others bring no blocks. */
  #wantsExtra = false;

  constructor(options: ConnectorOptions, modules: ConnectorModules, hooks: ConnectorHooks) {
    this.#options = options;
    this.#book = modules.book;
    this.#addresses = modules.book.addresses;
    this.#processor = modules.processor;
    this.#clock = modules.clock;
    this.#random = modules.random;
    this.#hooks = hooks;
    this.#anchors = modules.book.anchors;
    this.#dialer = new Dialer(modules, hooks.opened);
    this.added = new AddedNodes(modules.clock, this.#dialer, {
      isConnected: (endpoint) => this.#isConnected(endpoint),
      isOwn: (endpoint) => this.#book.isOwn(endpoint),
    });
    this.#nextFeeler = this.#clock.monotonic() + exponential(this.#random, FEELER_INTERVAL_MS);
    this.#nextStaleCheck = this.#clock.monotonic() + STALE_CHECK_MS;
  }

  start(): void {
    if (this.#dialer.isActive) return;
    this.#dialer.start();
    this.added.start();
    for (const anchor of this.#anchors.slice(0, this.#options.maxBlockRelayOnly)) {
      if (!this.#book.isOwn(anchor) && !this.#book.isRefused(anchor)) this.#callLearnt(anchor, 'block-relay-only');
    }
    this.#anchors = [];
    this.fill();
  }

  /** Ends what is being tried, and tries no more. */
  stop(): void {
    this.#dialer.stop();
    this.added.stop();
  }

  /** Connects once. Throws `PierError` if nobody answers, or networking is off. */
  connect(endpoint: Endpoint, v2 = this.#options.v2): Promise<Peer> {
    return this.#dialer.call(endpoint, 'manual', v2 ? 'v2' : 'v1');
  }

  /** Stays connected to a node. Returns false if it was added before. */
  addNode(endpoint: Endpoint, v2 = this.#options.v2): boolean {
    return this.added.add(endpoint, v2 ? 'v2' : 'v1');
  }

  /** The call with v1 that follows on this peer, which is gone without having answered our v2. */
  retryOf(peer: Peer): Promise<Peer> | undefined {
    return this.#dialer.retryOf(peer);
  }

  /** Calls learnt addresses while there are places for them. */
  fill(): void {
    if (!this.#dialer.isActive) return;
    this.#addresses.resolveCollisions();
    for (let type = this.#wanted(); type; type = this.#wanted()) {
      const address = this.#choose();
      if (!address) {
        this.#restUntil = this.#addresses.size > 0 ? this.#clock.monotonic() + REST_MS : 0;
        return;
      }
      this.#callLearnt(address.endpoint, type);
    }
  }

  /** Peers that few know of, and so good ones to find our way back by. */
  currentAnchors(): Endpoint[] {
    const anchors: Endpoint[] = [];
    for (const { type, isReady, target } of this.#hooks.peers()) {
      if (type === 'block-relay-only' && isReady && target) anchors.push(target);
    }
    return anchors;
  }

  peerReady(peer: Peer): void {
    if (peer.target) {
      this.#addresses.good(peer.target, peer.services);
      this.added.connected(peer.target);
    }
    this.#dropTwin(peer);
  }

  /**
   * Two nodes that have just learnt of each other may call each other at the same time. Of these two connections, the
   * one made by whoever has the greater address is given up, by that node; both would, if both could.
   */
  #dropTwin(peer: Peer): void {
    const { endpoint } = peer;
    const own = advertisedEndpoint(this.#book.listening, peer.local);
    if (!endpoint || !own || formatEndpoint(own) < formatEndpoint(endpoint)) return;
    for (const twin of this.#hooks.peers()) {
      if (twin === peer || !twin.isReady || twin.inbound === peer.inbound || !twin.isAt(endpoint)) continue;
      const ours = peer.inbound ? twin : peer;
      if (ours.type !== 'manual') ours.disconnect('connected twice');
      return;
    }
  }

  peerClosed(peer: Peer): void {
    const { target, endpoint, type, handshake } = peer;
    if (target && handshake.isReady && (type === 'outbound-full-relay' || type === 'manual')) {
      this.#addresses.connected(target);
    }
    this.#dialer.closed(peer);
    if (endpoint) this.added.disconnected(endpoint);
    this.fill();
  }

  tick(): void {
    const now = this.#clock.monotonic();
    if (now >= this.#nextStaleCheck) {
      this.#nextStaleCheck = now + STALE_CHECK_MS;
      this.#wantsExtra = this.#isTipStale();
    }
    if (now >= this.#nextExtraCheck) {
      this.#nextExtraCheck = now + EXTRA_CHECK_MS;
      this.#dropExtra();
    }
    if (now >= this.#restUntil) this.fill();
    if (now >= this.#nextFeeler) {
      this.#nextFeeler = now + exponential(this.#random, FEELER_INTERVAL_MS);
      this.#feel();
    }
  }

  /** Whether the outbound peers may be to blame for a missing tip (Core: TipMayBeStale). */
  #isTipStale(): boolean {
    if (!this.#processor.isTipStale()) return false;
    for (const peer of this.#hooks.peers()) if (this.#processor.hasBlocksInFlight(peer)) return false;
    return true;
  }

  /** What the next connection is wanted for. */
  #wanted(): ConnectionType | undefined {
    const { maxOutbound, maxBlockRelayOnly } = this.#options;
    const full = this.#count('outbound-full-relay');
    if (full < maxOutbound) return 'outbound-full-relay';
    if (this.#count('block-relay-only') < maxBlockRelayOnly) return 'block-relay-only';
    return this.#wantsExtra && full === maxOutbound && maxOutbound > 0 ? 'outbound-full-relay' : undefined;
  }

  #count(wanted: ConnectionType): number {
    let count = 0;
    for (const { type } of this.#dialer.calls()) if (type === wanted) count++;
    for (const { type } of this.#hooks.peers()) if (type === wanted) count++;
    return count;
  }

  #callLearnt(endpoint: Endpoint, type: ConnectionType): void {
    let outbound = 0;
    for (const peer of this.#hooks.peers()) if (!peer.inbound) outbound++;
    this.#addresses.attempted(endpoint, outbound >= Math.min(MIN_PEERS_TO_BLAME, this.#options.maxOutbound));
    this.#dialer.tryCall(endpoint, type, this.#versionFor(endpoint));
  }

  /** v2 with those who are known to know it, by what they or others have told of their services. */
  #versionFor(endpoint: Endpoint): TransportVersion {
    const services = this.#addresses.get(endpoint)?.services ?? 0n;
    return this.#options.v2 && (services & ServiceFlag.P2P_V2) !== 0n ? 'v2' : 'v1';
  }

  /** Looks who is at an address: a tried one that may have to make room, or one that we know from hearsay only. */
  #feel(): void {
    if (!this.#dialer.isActive || this.#options.maxOutbound === 0) return;
    const tested = this.#addresses.selectTriedCollision();
    const address = tested && this.#isSuitable(tested, this.#taken(), true) ? tested : this.#choose(true);
    if (address) this.#callLearnt(address.endpoint, 'feeler');
  }

  #choose(isFeeler = false): KnownAddress | undefined {
    const taken = this.#taken();
    if (!this.#mayFind(taken, isFeeler)) return undefined;
    for (let draws = 0; draws < MAX_DRAWS; draws++) {
      const address = this.#addresses.select(isFeeler);
      if (!address || this.#isSuitable(address, taken, isFeeler)) return address;
    }
    return undefined;
  }

  /** Of few addresses, whether there is one to call is seen faster than by drawing. */
  #mayFind(taken: Taken, isFeeler: boolean): boolean {
    if (this.#addresses.size > MAX_DRAWS) return true;
    for (const address of this.#addresses.entries()) if (this.#isSuitable(address, taken, isFeeler)) return true;
    return false;
  }

  /** Of each group, one: who has many addresses there shall not have many of our connections. */
  #taken(): Taken {
    const endpoints = new Set<string>();
    const groups = new Set<string>();
    for (const endpoint of this.added.endpoints()) endpoints.add(formatEndpoint(endpoint));
    for (const { target } of this.#dialer.calls()) {
      endpoints.add(formatEndpoint(target));
      groups.add(binaryKey(netGroup(target)));
    }
    for (const peer of this.#hooks.peers()) {
      const { remote, endpoint, inbound } = peer;
      endpoints.add(formatEndpoint(remote));
      if (endpoint) endpoints.add(formatEndpoint(endpoint));
      if (!inbound) groups.add(this.#groupOf(peer));
    }
    return { endpoints, groups };
  }

  #groupOf(peer: Peer): string {
    let group = this.#groups.get(peer);
    if (group === undefined) {
      group = binaryKey(netGroup(peer.remote));
      this.#groups.set(peer, group);
    }
    return group;
  }

  #isSuitable(address: KnownAddress, { endpoints, groups }: Taken, isFeeler: boolean): boolean {
    const { endpoint, services, group } = address;
    return (
      canServeBlocks(services) &&
      (services & ServiceFlag.WITNESS) !== 0n &&
      !endpoints.has(formatEndpoint(endpoint)) &&
      (isFeeler || !groups.has(group)) &&
      isCallable(address, this.#clock.monotonic()) &&
      !this.#book.isOwn(endpoint) &&
      !this.#book.isRefused(endpoint)
    );
  }

  #isConnected(endpoint: Endpoint): boolean {
    for (const peer of this.#hooks.peers()) if (peer.isAt(endpoint)) return true;
    return false;
  }

  /** Of one peer too many, the one goes that has announced nothing for the longest time (Core: EvictExtraOutboundPeers). */
  #dropExtra(): void {
    let full = 0;
    let worst: Peer | undefined;
    for (const peer of this.#hooks.peers()) {
      if (peer.type !== 'outbound-full-relay') continue;
      full++;
      if (this.#processor.isProtected(peer)) continue;
      const isWorse = !worst || this.#processor.lastAnnouncement(peer) <= this.#processor.lastAnnouncement(worst);
      if (isWorse) worst = peer;
    }
    if (!worst || full <= this.#options.maxOutbound) return;
    if (worst.ageMs <= PROBATION_MS || this.#processor.hasBlocksInFlight(worst)) return;
    worst.disconnect('one peer more than needed');
    this.#wantsExtra = false;
  }
}
