import { binaryKey, concatBytes } from '../../bytes/compare.ts';
import { sha256 } from '../../crypto/hash.ts';
import { BatchTimer } from '../../platform/batch-timer.ts';
import { type Clock, unixSeconds } from '../../platform/clock.ts';
import { exponential, type Random, randomInt } from '../../platform/random.ts';
import { RollingSet } from '../../platform/rolling-set.ts';
import { TokenBucket } from '../../platform/token-bucket.ts';
import type { Endpoint } from '../net/endpoint.ts';
import { advertisedEndpoint, formatEndpoint, isWildcard, reachOf } from '../net/endpoint.ts';
import { endpointKey } from '../net/netgroup.ts';
import type { Peer } from '../peer/peer.ts';
import { fitsAddr } from '../wire/messages/addr.ts';
import { type PeerAddress, toEndpoint, toNetAddress } from '../wire/messages/net-address.ts';
import { canServeBlocks, MAX_ADDRESSES } from '../wire/protocol.ts';
import type { AddressBook } from './address-book.ts';
import type { AddressManager } from './address-manager.ts';

/** Addresses per second accepted from one peer (Core: MAX_ADDR_RATE_PER_SECOND). */
const ADDRESSES_PER_SECOND = 0.1;
/** Addresses accepted from one peer in a burst (Core: MAX_ADDR_PROCESSING_TOKEN_BUCKET). */
const ADDRESS_BURST = 1_000;
/** Addresses remembered as known to one peer (Core: m_addr_known). */
const KNOWN_PER_PEER = 5_000;
/** Maximum number of addresses in a message for them to be relayed; larger messages answer `getaddr`. */
const MAX_RELAYED_PER_MESSAGE = 10;
/** Maximum age in seconds of a relayed address: time since the node was last seen. */
const MAX_RELAY_AGE = 10 * 60;
/** Peers to which an internet address is relayed. */
const RELAY_PEERS = 2;
/** Seconds for which an address is relayed to the same peers (Core: ROTATE_ADDR_RELAY_DEST_INTERVAL). */
const ROTATION_INTERVAL = 24 * 60 * 60;
/** Average milliseconds between announcements of our own address (Core: AVG_LOCAL_ADDRESS_BROADCAST_INTERVAL). */
const SELF_ANNOUNCEMENT_MS = 24 * 60 * 60_000;
/** Average milliseconds between announcements of our own address to local peers. */
const LOCAL_SELF_ANNOUNCEMENT_MS = 10 * 60_000;
/** Fraction of the known addresses in a `getaddr` response to an internet peer (Core: MAX_PCT_ADDR_TO_SEND). */
const MAX_FRACTION_TO_SEND = 0.23;
/** Minimum milliseconds for which a `getaddr` response is cached (Core: GetAddresses). */
const RESPONSE_CACHE_MS = 21 * 60 * 60_000;
/** Maximum random milliseconds added to `RESPONSE_CACHE_MS`. */
const RESPONSE_CACHE_JITTER_MS = 6 * 60 * 60_000;
/** Maximum number of cached responses: one per local address and IP version. */
const MAX_CACHED_RESPONSES = 16;
/** Milliseconds for which addresses are collected into one message. */
const COLLECT_MS = 100;
/** Seconds subtracted from an address's time unless the node announced itself (Core: time_penalty). */
const TIME_PENALTY = 2 * 60 * 60;
const FIVE_DAYS = 5 * 24 * 60 * 60;

/** Options of an `AddressRelay`. */
export interface AddressRelayOptions {
  /** Bits of `ServiceFlag` that this node offers. */
  readonly services: bigint;
}

/** Modules that an `AddressRelay` uses. */
export interface AddressRelayModules {
  readonly book: AddressBook;
  readonly clock: Clock;
  readonly random: Random;
}

/** Address relay state of a peer. */
interface AddressRelayState {
  /** Whether addresses are relayed; inbound peers enable it by an address message (Core: m_addr_relay_enabled). */
  enabled: boolean;
  readonly known: RollingSet;
  readonly bucket: TokenBucket;
  /** By endpoint (Core: m_addrs_to_send). */
  readonly toSend: Map<string, PeerAddress>;
  /** Whether we answered a `getaddr` (Core: m_getaddr_recvd). */
  answeredGetAddr: boolean;
  /** Whether the response to our `getaddr` is incomplete (Core: m_getaddr_sent). */
  awaitsResponse: boolean;
  /** Monotonic milliseconds; undefined before the first (Core: m_next_local_addr_send). */
  nextSelfAnnouncement: number | undefined;
  /** Number of addresses processed. */
  processed: number;
  /** Number of addresses dropped by the rate limit. */
  rateLimited: number;
}

/** A cached response to `getaddr` (Core: CachedAddrResponse). */
interface CachedResponse {
  /** Monotonic milliseconds. */
  readonly expiresAt: number;
  readonly addresses: readonly PeerAddress[];
}

/**
 * Announces our address and relays the addresses of other nodes. Internet peers are served as in Core, so that they
 * cannot infer the network's topology. Local peers (on this machine or in a private network) get all addresses at once:
 * topology is no secret there, and a small network must find its nodes fast.
 */
export class AddressRelay {
  readonly #services: bigint;
  readonly #book: AddressBook;
  readonly #addresses: AddressManager;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #states = new Map<Peer, AddressRelayState>();
  readonly #batch: BatchTimer;
  /** Secret that selects the peers to which an address is relayed: 32 bytes. */
  readonly #secret: Uint8Array;
  readonly #responses = new Map<string, CachedResponse>();

  constructor(options: AddressRelayOptions, modules: AddressRelayModules) {
    this.#services = options.services;
    this.#book = modules.book;
    this.#addresses = modules.book.addresses;
    this.#clock = modules.clock;
    this.#random = modules.random;
    this.#batch = new BatchTimer(modules.clock, () => this.#sendQueued());
    this.#secret = modules.random.bytes(32);
  }

  peerReady(peer: Peer): void {
    // Address relay would reveal a block-relay-only connection (Core: SetupAddressRelay).
    if (peer.type === 'block-relay-only' || !this.#book.relaysAddresses) return;
    const state: AddressRelayState = {
      enabled: false,
      known: new RollingSet(KNOWN_PER_PEER),
      bucket: new TokenBucket(this.#clock, ADDRESSES_PER_SECOND, ADDRESS_BURST, 1),
      toSend: new Map(),
      answeredGetAddr: false,
      awaitsResponse: false,
      nextSelfAnnouncement: undefined,
      processed: 0,
      rateLimited: 0,
    };
    this.#states.set(peer, state);
    if (peer.inbound) return;
    this.#enable(peer, state);
    state.awaitsResponse = true;
    state.bucket.grant(MAX_ADDRESSES);
    peer.send('getaddr', {});
  }

  peerClosed(peer: Peer): void {
    this.#states.delete(peer);
  }

  tick(): void {
    for (const [peer, state] of this.#states) this.#announceSelf(peer, state);
  }

  close(): void {
    this.#batch.cancel();
  }

  /** Returns whether addresses are relayed with a peer, and the numbers of addresses processed and rate-limited. */
  info(peer: Peer): { readonly enabled: boolean; readonly processed: number; readonly rateLimited: number } {
    return this.#states.get(peer) ?? { enabled: false, processed: 0, rateLimited: 0 };
  }

  #enable(peer: Peer, state: AddressRelayState): void {
    if (state.enabled) return;
    state.enabled = true;
    this.#announceSelf(peer, state);
  }

  /** Announces our address to a peer if the next announcement is due (Core: MaybeSendAddr). */
  #announceSelf(peer: Peer, state: AddressRelayState): void {
    const now = this.#clock.monotonic();
    if (!state.enabled || (state.nextSelfAnnouncement !== undefined && now < state.nextSelfAnnouncement)) return;
    const endpoint = advertisedEndpoint(this.#book.listening, peer.local);
    const address = endpoint && toNetAddress(endpoint);
    if (!address || !maySend(endpoint, peer)) return;
    // Forget which addresses the peer knows, so that they are announced again (Core: MaybeSendAddr).
    if (state.nextSelfAnnouncement !== undefined) state.known.clear();
    const interval = isLocalPeer(peer) ? LOCAL_SELF_ANNOUNCEMENT_MS : SELF_ANNOUNCEMENT_MS;
    state.nextSelfAnnouncement = now + exponential(this.#random, interval);
    this.#sendTo(peer, [{ ...address, services: this.#services, time: unixSeconds(this.#clock) }]);
  }

  /** Processes the addresses of an `addr` or `addrv2` message: adds them to the address book and relays new ones. */
  received(peer: Peer, addresses: readonly PeerAddress[]): void {
    const state = this.#states.get(peer);
    if (!state) return;
    this.#enable(peer, state);
    const now = unixSeconds(this.#clock);
    const source = { host: peer.remote.host, port: (peer.endpoint ?? peer.remote).port };
    const isRelayable = !state.awaitsResponse && addresses.length <= MAX_RELAYED_PER_MESSAGE;
    let learned = false;
    for (const address of addresses) {
      if (!state.bucket.take()) {
        state.rateLimited++;
        continue;
      }
      state.processed++;
      const endpoint = toEndpoint(address);
      if (!endpoint || !canServeBlocks(address.services) || !isCredible(endpoint, peer)) continue;
      const key = formatEndpoint(endpoint);
      state.known.add(key);
      const own = this.#book.listening;
      if ((own && formatEndpoint(own) === key) || this.#book.isRefused(endpoint)) continue;
      // As in Core, an impossible time counts as five days ago.
      const time = address.time <= 100_000_000 || address.time > now + 600 ? now - FIVE_DAYS : address.time;
      if (isRelayable && time > now - MAX_RELAY_AGE)
        this.#relay(peer, endpoint, { ...address, address: new Uint8Array(address.address) });
      if (this.#addresses.add({ endpoint, services: address.services, time }, source, TIME_PENALTY)) learned = true;
    }
    // A full message may be one of several.
    if (addresses.length < MAX_ADDRESSES) state.awaitsResponse = false;
    if (learned) this.#book.events.emit('learned', undefined);
  }

  /**
   * Answers `getaddr` of inbound peers, once per connection. As in Core, outbound peers get no answer: otherwise they
   * could fingerprint this node by sending it made-up addresses and requesting them later.
   */
  requested(peer: Peer): void {
    const state = this.#states.get(peer);
    if (!state || !peer.inbound) return;
    this.#enable(peer, state);
    if (state.answeredGetAddr) return;
    state.answeredGetAddr = true;
    this.#sendTo(peer, isLocalPeer(peer) ? this.#sample(MAX_ADDRESSES, peer) : this.#cachedResponse(peer));
  }

  /**
   * Returns the response for an internet peer. Peers that connect to the same local address get the same response for
   * about a day, so that repeated requests do not reveal changes of the address book.
   */
  #cachedResponse(peer: Peer): readonly PeerAddress[] {
    const key = `${peer.remote.host.includes(':')} ${peer.local ? formatEndpoint(peer.local) : ''}`;
    const now = this.#clock.monotonic();
    const cached = this.#responses.get(key);
    if (cached && now < cached.expiresAt) return cached.addresses;
    const count = Math.min(MAX_ADDRESSES, Math.floor(this.#addresses.size * MAX_FRACTION_TO_SEND));
    const jitter = (randomInt(this.#random, 1_000) / 1_000) * RESPONSE_CACHE_JITTER_MS;
    const response = { expiresAt: now + RESPONSE_CACHE_MS + jitter, addresses: this.#sample(count, peer) };
    if (this.#responses.size >= MAX_CACHED_RESPONSES) this.#responses.clear();
    this.#responses.set(key, response);
    return response.addresses;
  }

  #sample(count: number, peer: Peer): PeerAddress[] {
    const addresses: PeerAddress[] = [];
    const sampled = this.#addresses.sample(
      count,
      ({ endpoint }) => maySend(endpoint, peer) && !this.#book.isRefused(endpoint),
    );
    for (const { endpoint, services, time } of sampled) {
      const address = toNetAddress(endpoint);
      if (address) addresses.push({ ...address, services, time });
    }
    return addresses;
  }

  /** Queues an address for all local peers that do not know it; an internet address for two peers only. */
  #relay(from: Peer, endpoint: Endpoint, address: PeerAddress): void {
    const key = formatEndpoint(endpoint);
    let peers: [Peer, AddressRelayState][] = [];
    for (const [peer, state] of this.#states) {
      if (peer !== from && state.enabled && maySend(endpoint, peer)) peers.push([peer, state]);
    }
    if (reachOf(endpoint.host) === 2) peers = this.#relayTargets(endpoint, peers);
    for (const [, state] of peers) {
      if (!state.known.has(key) && state.toSend.size < MAX_ADDRESSES) state.toSend.set(key, address);
    }
    this.#batch.schedule(COLLECT_MS);
  }

  /**
   * Returns the peers to which an internet address is relayed (Core: RelayAddress). They are the same for a day, so
   * that repeating an address does not spread it further; the time of the change differs between addresses.
   */
  #relayTargets(endpoint: Endpoint, peers: readonly [Peer, AddressRelayState][]): [Peer, AddressRelayState][] {
    const name = sha256(concatBytes(this.#secret, endpointKey(endpoint)));
    const offset = new DataView(name.buffer, name.byteOffset).getUint32(0) % ROTATION_INTERVAL;
    const day = Math.floor((unixSeconds(this.#clock) + offset) / ROTATION_INTERVAL);
    const rank = ({ id }: Peer) => binaryKey(sha256(concatBytes(name, Uint8Array.from([day, id].flatMap(uint32)))));
    return peers
      .map((entry) => ({ entry, rank: rank(entry[0]) }))
      .sort((a, b) => (a.rank < b.rank ? -1 : 1))
      .slice(0, RELAY_PEERS)
      .map(({ entry }) => entry);
  }

  #sendQueued(): void {
    for (const [peer, state] of this.#states) {
      if (state.toSend.size === 0) continue;
      const addresses = [...state.toSend.values()];
      state.toSend.clear();
      this.#sendTo(peer, addresses);
    }
  }

  #sendTo(peer: Peer, addresses: readonly PeerAddress[]): void {
    const state = this.#states.get(peer);
    for (const address of addresses) {
      const endpoint = toEndpoint(address);
      if (endpoint) state?.known.add(formatEndpoint(endpoint));
    }
    if (addresses.length === 0) return;
    if (peer.handshake.wantsAddrV2) peer.send('addrv2', { addresses });
    else peer.send('addr', { addresses: addresses.filter(fitsAddr) });
  }
}

/** Whether an address is accepted from a peer (see `Reach`). */
function isCredible(endpoint: Endpoint, source: Peer): boolean {
  return !isWildcard(endpoint.host) && reachOf(endpoint.host) >= reachOf(source.remote.host);
}

/** Whether an address may be sent to a peer (see `Reach`). */
function maySend(endpoint: Endpoint, peer: Peer): boolean {
  return reachOf(endpoint.host) >= reachOf(peer.remote.host);
}

/** Whether a peer is on this machine or in a private network. */
function isLocalPeer(peer: Peer): boolean {
  return reachOf(peer.remote.host) < 2;
}

function uint32(value: number): number[] {
  return [value >>> 24, value >>> 16, value >>> 8, value].map((byte) => byte & 0xff);
}
