import { binaryKey } from '../../bytes/compare.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { exponential, type Random } from '../../platform/random.ts';
import type { AddressBook } from '../addresses/address-book.ts';
import type { AddressManager } from '../addresses/address-manager.ts';
import { isDialDue, type KnownAddress } from '../addresses/known-address.ts';
import type { Endpoint } from '../net/endpoint.ts';
import { advertisedEndpoint, formatEndpoint } from '../net/endpoint.ts';
import { netGroup } from '../net/netgroup.ts';
import type { ConnectionType, Peer } from '../peer/peer.ts';
import type { MessageProcessor } from '../processing/message-processor.ts';
import type { Transport } from '../transport/connection.ts';
import type { TransportVersion } from '../transport/framing.ts';
import { canServeBlocks, ServiceFlag } from '../wire/protocol.ts';
import { AddedNodes } from './added-nodes.ts';
import { type CreatePeer, Dialer } from './dialer.ts';

/** Milliseconds between feeler connections, on average (Core: FEELER_INTERVAL). */
const FEELER_INTERVAL_MS = 2 * 60_000;
/** Milliseconds between checks for a stale tip (Core: STALE_CHECK_INTERVAL). */
const STALE_CHECK_INTERVAL_MS = 10 * 60_000;
/** Milliseconds between checks for an extra outbound peer (Core: EXTRA_PEER_CHECK_INTERVAL). */
const EXTRA_PEER_CHECK_INTERVAL_MS = 45_000;
/** Milliseconds a peer is connected before it may be disconnected as extra (Core: MINIMUM_CONNECT_TIME). */
const MINIMUM_CONNECT_TIME_MS = 30_000;
/** Addresses drawn from the tables to find one to connect to (Core: ThreadOpenConnections). */
const MAX_DRAWS = 100;
/** Milliseconds before the next search for an address after an unsuccessful one, unless the addresses change. */
const SEARCH_INTERVAL_MS = 5_000;
/**
 * Outbound peers from which on a failed attempt counts against the address, since our network
 * works (Core: fCountFailure).
 */
const MIN_PEERS_TO_COUNT_FAILURES = 2;

/** Limits and preferences of automatic connections. */
export interface OutboundConnectorOptions {
  /** Automatic full-relay connections to keep. */
  readonly maxOutbound: number;
  /** Automatic block-relay-only connections to keep. */
  readonly maxBlockRelayOnly: number;
  /** Whether to prefer v2. */
  readonly v2: boolean;
}

/** Modules that an `OutboundConnector` uses. */
export interface OutboundConnectorModules {
  readonly book: AddressBook;
  readonly processor: MessageProcessor;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What an `OutboundConnector` asks its owner. */
export interface OutboundConnectorHooks {
  readonly createPeer: CreatePeer;
  /** All peers, inbound and outbound. */
  peers(): Iterable<Peer>;
}

/** Endpoints and netgroups that an automatic connection must not have. */
interface Excluded {
  readonly endpoints: ReadonlySet<string>;
  readonly netgroups: ReadonlySet<string>;
}

/** Opens outbound connections (Core: ThreadOpenConnections): manual ones, anchors, automatic ones and feelers. */
export class OutboundConnector {
  readonly added: AddedNodes;
  readonly #options: OutboundConnectorOptions;
  readonly #book: AddressBook;
  readonly #addresses: AddressManager;
  readonly #processor: MessageProcessor;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #hooks: OutboundConnectorHooks;
  readonly #dialer: Dialer;
  readonly #netgroups = new WeakMap<Peer, string>();
  #anchors: readonly Endpoint[];
  /** Monotonic time, as the following ones. */
  #nextSearch = 0;
  #nextFeeler: number;
  #nextStaleCheck: number;
  #nextExtraCheck = 0;
  /** Whether to open one more full-relay connection, because the tip is stale (Core: m_try_another_outbound_peer). */
  #wantsExtra = false;

  constructor(options: OutboundConnectorOptions, modules: OutboundConnectorModules, hooks: OutboundConnectorHooks) {
    this.#options = options;
    this.#book = modules.book;
    this.#addresses = modules.book.addresses;
    this.#processor = modules.processor;
    this.#clock = modules.clock;
    this.#random = modules.random;
    this.#hooks = hooks;
    this.#anchors = modules.book.anchors;
    this.#dialer = new Dialer(modules, hooks.createPeer);
    this.added = new AddedNodes(modules, this.#dialer, {
      isConnected: (endpoint) => this.#isConnected(endpoint),
      isOwn: (endpoint) => this.#book.isOwn(endpoint),
    });
    this.#nextFeeler = this.#clock.monotonic() + exponential(this.#random, FEELER_INTERVAL_MS);
    this.#nextStaleCheck = this.#clock.monotonic() + STALE_CHECK_INTERVAL_MS;
  }

  start(): void {
    if (this.#dialer.isActive) return;
    this.#dialer.start();
    this.added.start();
    for (const anchor of this.#anchors.slice(0, this.#options.maxBlockRelayOnly)) {
      if (!this.#book.isOwn(anchor) && !this.#book.isRefused(anchor)) this.#dialAutomatic(anchor, 'block-relay-only');
    }
    this.#anchors = [];
    this.fill();
  }

  /** Aborts connection attempts and starts no further ones. */
  stop(): void {
    this.#dialer.stop();
    this.added.stop();
  }

  /** Opens one manual connection. Throws `PierError` if it fails or networking is off. */
  connect(endpoint: Endpoint, v2 = this.#options.v2): Promise<Peer> {
    return this.#dialer.dial(endpoint, 'manual', v2 ? 'v2' : 'v1');
  }

  /** Keeps a manual connection to a node open. Returns false if it was added before. */
  addNode(endpoint: Endpoint, v2 = this.#options.v2): boolean {
    return this.added.add(endpoint, v2 ? 'v2' : 'v1');
  }

  /** Returns the reconnection with v1 that replaces a closed peer; undefined if there is none. */
  retryOf(peer: Peer): Promise<Peer> | undefined {
    return this.#dialer.retryOf(peer);
  }

  /** Opens automatic connections until the limits are reached or no address is suitable. */
  fill(): void {
    if (!this.#dialer.isActive) return;
    this.#addresses.resolveCollisions();
    for (let type = this.#missingType(); type; type = this.#missingType()) {
      const address = this.#selectAddress();
      if (!address) {
        this.#nextSearch = this.#addresses.size > 0 ? this.#clock.monotonic() + SEARCH_INTERVAL_MS : 0;
        return;
      }
      this.#dialAutomatic(address.endpoint, type);
    }
  }

  /** Returns the block-relay-only peers, to reconnect to after a restart (Core: GetCurrentBlockRelayOnlyConns). */
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
    this.#dropDuplicate(peer);
  }

  /**
   * Resolves simultaneous connections of two nodes to each other: the node with the greater endpoint closes the
   * connection that it opened. Without a rule, both nodes could close one each.
   */
  #dropDuplicate(peer: Peer): void {
    const { endpoint } = peer;
    const own = advertisedEndpoint(this.#book.listening, peer.local);
    if (!endpoint || !own || formatEndpoint(own) < formatEndpoint(endpoint)) return;
    for (const other of this.#hooks.peers()) {
      if (other === peer || !other.isReady || other.inbound === peer.inbound || !other.isAt(endpoint)) continue;
      const outbound = peer.inbound ? other : peer;
      if (outbound.type !== 'manual') outbound.disconnect('duplicate connection');
      return;
    }
  }

  peerClosed(peer: Peer): void {
    const { target, endpoint, type, handshake } = peer;
    if (target && handshake.isReady && (type === 'outbound-full-relay' || type === 'manual')) {
      this.#addresses.connected(target);
    }
    this.#dialer.peerClosed(peer);
    if (endpoint) this.added.disconnected(endpoint);
    this.fill();
  }

  tick(): void {
    const now = this.#clock.monotonic();
    if (now >= this.#nextStaleCheck) {
      this.#nextStaleCheck = now + STALE_CHECK_INTERVAL_MS;
      this.#wantsExtra = this.#isTipStale();
    }
    if (now >= this.#nextExtraCheck) {
      this.#nextExtraCheck = now + EXTRA_PEER_CHECK_INTERVAL_MS;
      this.#evictExtraOutbound();
    }
    if (now >= this.#nextSearch) this.fill();
    if (now >= this.#nextFeeler) {
      this.#nextFeeler = now + exponential(this.#random, FEELER_INTERVAL_MS);
      this.#openFeeler();
    }
  }

  /** Whether the outbound peers may be to blame for a missing tip (Core: TipMayBeStale). */
  #isTipStale(): boolean {
    if (!this.#processor.isTipStale()) return false;
    for (const peer of this.#hooks.peers()) if (this.#processor.hasBlocksInFlight(peer)) return false;
    return true;
  }

  /** Returns the type of automatic connection to open next. */
  #missingType(): ConnectionType | undefined {
    const { maxOutbound, maxBlockRelayOnly } = this.#options;
    const full = this.#count('outbound-full-relay');
    if (full < maxOutbound) return 'outbound-full-relay';
    if (this.#count('block-relay-only') < maxBlockRelayOnly) return 'block-relay-only';
    return this.#wantsExtra && full === maxOutbound && maxOutbound > 0 ? 'outbound-full-relay' : undefined;
  }

  /** Counts connections of a type, including attempts in progress. */
  #count(counted: ConnectionType): number {
    let count = 0;
    for (const { type } of this.#dialer.pending()) if (type === counted) count++;
    for (const { type } of this.#hooks.peers()) if (type === counted) count++;
    return count;
  }

  #dialAutomatic(endpoint: Endpoint, type: ConnectionType): void {
    let outbound = 0;
    for (const peer of this.#hooks.peers()) if (!peer.inbound) outbound++;
    const countFailure = outbound >= Math.min(MIN_PEERS_TO_COUNT_FAILURES, this.#options.maxOutbound);
    this.#addresses.attempted(endpoint, countFailure);
    this.#dialer.tryDial(endpoint, type, this.#versionFor(endpoint));
  }

  /** Returns v2 if the address is known with the P2P_V2 service bit, announced by itself or by another peer. */
  #versionFor(endpoint: Endpoint): TransportVersion {
    const services = this.#addresses.get(endpoint)?.services ?? 0n;
    return this.#options.v2 && (services & ServiceFlag.P2P_V2) !== 0n ? 'v2' : 'v1';
  }

  /** Opens a feeler connection: to a tried address that another one would replace, or to one of the new table. */
  #openFeeler(): void {
    if (!this.#dialer.isActive || this.#options.maxOutbound === 0) return;
    const tested = this.#addresses.selectTriedCollision();
    const isUsable = tested && this.#isSuitable(tested, this.#excluded(), true);
    const address = isUsable ? tested : this.#selectAddress(true);
    if (address) this.#dialAutomatic(address.endpoint, 'feeler');
  }

  #selectAddress(isFeeler = false): KnownAddress | undefined {
    const excluded = this.#excluded();
    if (!this.#mayHaveSuitable(excluded, isFeeler)) return undefined;
    for (let draws = 0; draws < MAX_DRAWS; draws++) {
      const address = this.#addresses.select(isFeeler);
      if (!address || this.#isSuitable(address, excluded, isFeeler)) return address;
    }
    return undefined;
  }

  /** Checks a few addresses one by one, which costs less than `MAX_DRAWS` random draws without result. */
  #mayHaveSuitable(excluded: Excluded, isFeeler: boolean): boolean {
    if (this.#addresses.size > MAX_DRAWS) return true;
    for (const address of this.#addresses.entries()) if (this.#isSuitable(address, excluded, isFeeler)) return true;
    return false;
  }

  /** At most one outbound peer per netgroup, so that an attacker with one address range gets one slot. */
  #excluded(): Excluded {
    const endpoints = new Set<string>();
    const netgroups = new Set<string>();
    for (const endpoint of this.added.endpoints()) endpoints.add(formatEndpoint(endpoint));
    for (const { target } of this.#dialer.pending()) {
      endpoints.add(formatEndpoint(target));
      netgroups.add(binaryKey(netGroup(target)));
    }
    for (const peer of this.#hooks.peers()) {
      const { remote, endpoint, inbound } = peer;
      endpoints.add(formatEndpoint(remote));
      if (endpoint) endpoints.add(formatEndpoint(endpoint));
      if (!inbound) netgroups.add(this.#netgroupOf(peer));
    }
    return { endpoints, netgroups };
  }

  #netgroupOf(peer: Peer): string {
    let netgroup = this.#netgroups.get(peer);
    if (netgroup === undefined) {
      netgroup = binaryKey(netGroup(peer.remote));
      this.#netgroups.set(peer, netgroup);
    }
    return netgroup;
  }

  #isSuitable(address: KnownAddress, { endpoints, netgroups }: Excluded, isFeeler: boolean): boolean {
    const { endpoint, services, netgroup } = address;
    return (
      canServeBlocks(services) &&
      (services & ServiceFlag.WITNESS) !== 0n &&
      !endpoints.has(formatEndpoint(endpoint)) &&
      (isFeeler || !netgroups.has(netgroup)) &&
      isDialDue(address, this.#clock.monotonic()) &&
      !this.#book.isOwn(endpoint) &&
      !this.#book.isRefused(endpoint)
    );
  }

  #isConnected(endpoint: Endpoint): boolean {
    for (const peer of this.#hooks.peers()) if (peer.isAt(endpoint)) return true;
    return false;
  }

  /**
   * Disconnects an extra full-relay peer: the one whose last block announcement is oldest (Core:
   * EvictExtraOutboundPeers).
   */
  #evictExtraOutbound(): void {
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
    if (worst.ageMs <= MINIMUM_CONNECT_TIME_MS || this.#processor.hasBlocksInFlight(worst)) return;
    worst.disconnect('extra outbound peer');
    this.#wantsExtra = false;
  }
}
