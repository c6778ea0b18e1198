import { type Clock, unixSeconds } from '../platform/clock.ts';
import { type Random, randomInt } from '../platform/random.ts';
import { TokenBucket } from '../platform/token-bucket.ts';
import type { AddressManager } from './address-manager.ts';
import { Batch } from './batch.ts';
import type { Endpoint } from './connection.ts';
import { formatEndpoint, isWildcard, reachableEndpoint, reachOf } from './endpoint.ts';
import { fitsAddr } from './messages/addr.ts';
import { type PeerAddress, toEndpoint, toNetAddress } from './messages/net-address.ts';
import type { Peer } from './peer.ts';
import { canServeBlocks, MAX_ADDRESSES } from './protocol.ts';
import { RollingSet } from './rolling-set.ts';

/** Addresses taken from one peer per second (Core: MAX_ADDR_RATE_PER_SECOND), and at once. */
const ADDRESSES_PER_SECOND = 0.1;
const ADDRESS_BURST = 1_000;
/** Addresses that a peer is remembered to know (Core: m_addr_known). */
const KNOWN_PER_PEER = 5_000;
/** Messages with more addresses than this are answers to `getaddr`, and their content no news. */
const MAX_NEWS = 10;
/** Seconds for which an address is news. */
const NEWS_AGE = 10 * 60;
/** Peers that each piece of news is passed on to. */
const RELAY_PEERS = 2;
/** Milliseconds between our own introductions (Core: AVG_LOCAL_ADDRESS_BROADCAST_INTERVAL). */
const INTRODUCTION_MS = 24 * 60 * 60_000;
/** Milliseconds for which news is collected into one message. */
const COLLECT_MS = 100;
/** Seconds that are taken off the age of what others tell (Core). */
const HEARSAY_PENALTY = 2 * 60 * 60;
const FIVE_DAYS = 5 * 24 * 60 * 60;

export interface AddressRelayOptions {
  /** Bits of `ServiceFlag` that we offer. */
  readonly services: bigint;
  /** Where we listen, if we do. */
  ownEndpoint(): Endpoint | undefined;
  /** Called when there are new addresses. */
  addressesLearned(): void;
}

export interface AddressRelayModules {
  readonly addresses: AddressManager;
  readonly clock: Clock;
  readonly random: Random;
}

interface PeerState {
  /** Whether addresses are exchanged at all: those who called us have to begin (Core: m_addr_relay_enabled). */
  enabled: boolean;
  readonly known: RollingSet;
  readonly bucket: TokenBucket;
  /** To be sent, by endpoint. */
  readonly news: Map<string, PeerAddress>;
  answeredGetAddr: boolean;
  /** Our `getaddr` has not been answered in full. */
  awaitsAnswer: boolean;
  /** By the monotonic clock. */
  introducedAt: number | undefined;
  processed: number;
  rateLimited: number;
}

/** Gossip about where nodes can be found: ours is told, others' are learnt and passed on. */
export class AddressRelay {
  readonly #options: AddressRelayOptions;
  readonly #addresses: AddressManager;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #states = new Map<Peer, PeerState>();
  readonly #batch: Batch;

  constructor(options: AddressRelayOptions, modules: AddressRelayModules) {
    this.#options = options;
    this.#addresses = modules.addresses;
    this.#clock = modules.clock;
    this.#random = modules.random;
    this.#batch = new Batch(modules.clock, () => this.#sendNews());
  }

  peerReady(peer: Peer): void {
    const state: PeerState = {
      enabled: false,
      known: new RollingSet(KNOWN_PER_PEER),
      bucket: new TokenBucket(this.#clock, ADDRESSES_PER_SECOND, ADDRESS_BURST, 1),
      news: new Map(),
      answeredGetAddr: false,
      awaitsAnswer: false,
      introducedAt: undefined,
      processed: 0,
      rateLimited: 0,
    };
    this.#states.set(peer, state);
    if (peer.inbound) return;
    this.#enable(peer, state);
    state.awaitsAnswer = true;
    state.bucket.grant(MAX_ADDRESSES);
    peer.send('getaddr', {});
  }

  peerClosed(peer: Peer): void {
    this.#states.delete(peer);
  }

  tick(): void {
    for (const [peer, state] of this.#states) this.#introduce(peer, state);
  }

  close(): void {
    this.#batch.cancel();
  }

  /** For RPC: whether addresses are exchanged, and how many of the peer's were taken and left. */
  info(peer: Peer): { readonly enabled: boolean; readonly processed: number; readonly rateLimited: number } {
    return this.#states.get(peer) ?? { enabled: false, processed: 0, rateLimited: 0 };
  }

  #enable(peer: Peer, state: PeerState): void {
    if (state.enabled) return;
    state.enabled = true;
    this.#introduce(peer, state);
  }

  /** Tells the peer where we can be reached, now and then. */
  #introduce(peer: Peer, state: PeerState): void {
    const now = this.#clock.monotonic();
    if (!state.enabled || (state.introducedAt !== undefined && now - state.introducedAt < INTRODUCTION_MS)) return;
    const endpoint = reachableEndpoint(this.#options.ownEndpoint(), peer.local);
    const address = endpoint && toNetAddress(endpoint);
    if (!address || !mayTell(endpoint, peer)) return;
    state.introducedAt = now;
    this.#sendTo(peer, [{ ...address, services: this.#options.services, time: unixSeconds(this.#clock) }]);
  }

  /** Takes an `addr` or `addrv2`. */
  received(peer: Peer, addresses: readonly PeerAddress[]): void {
    const state = this.#states.get(peer);
    if (!state) return;
    this.#enable(peer, state);
    const now = unixSeconds(this.#clock);
    const isNews = !state.awaitsAnswer && addresses.length <= MAX_NEWS;
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
      const own = this.#options.ownEndpoint();
      if (own && formatEndpoint(own) === key) continue;
      // A time that cannot be counts as long ago.
      const time = address.time <= 100_000_000 || address.time > now + 600 ? now - FIVE_DAYS : address.time;
      if (isNews && time > now - NEWS_AGE)
        this.#passOn(key, endpoint, { ...address, address: new Uint8Array(address.address) });
      if (this.#addresses.add({ endpoint, services: address.services, time: time - HEARSAY_PENALTY })) learned = true;
    }
    // A full message may be one of several.
    if (addresses.length < MAX_ADDRESSES) state.awaitsAnswer = false;
    if (learned) this.#options.addressesLearned();
  }

  /** Once per connection, and only for those who called us: who we call could otherwise be told apart by the answers. */
  requested(peer: Peer): void {
    const state = this.#states.get(peer);
    if (!state || !peer.inbound) return;
    this.#enable(peer, state);
    if (state.answeredGetAddr) return;
    state.answeredGetAddr = true;
    const answer: PeerAddress[] = [];
    const nearest = reachOf(peer.remote.host);
    for (const { endpoint, services, time } of this.#addresses.sample(MAX_ADDRESSES, ({ reach }) => reach >= nearest)) {
      const address = toNetAddress(endpoint);
      if (address) answer.push({ ...address, services, time });
    }
    this.#sendTo(peer, answer);
  }

  /** Queues news of an address for a few peers that do not know it. */
  #passOn(key: string, endpoint: Endpoint, address: PeerAddress): void {
    const peers: [Peer, PeerState][] = [];
    for (const [peer, state] of this.#states) {
      if (state.enabled && !state.known.has(key) && mayTell(endpoint, peer)) peers.push([peer, state]);
    }
    for (let n = 0; n < RELAY_PEERS && peers.length > 0; n++) {
      const [[, state]] = peers.splice(randomInt(this.#random, peers.length), 1) as [[Peer, PeerState]];
      if (state.news.size < MAX_ADDRESSES) state.news.set(key, address);
    }
    this.#batch.schedule(COLLECT_MS);
  }

  #sendNews(): void {
    for (const [peer, state] of this.#states) {
      if (state.news.size === 0) continue;
      const addresses = [...state.news.values()];
      state.news.clear();
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

/** Whether a peer may be believed about an address: see `Reach`. */
function isCredible(endpoint: Endpoint, source: Peer): boolean {
  return !isWildcard(endpoint.host) && reachOf(endpoint.host) >= reachOf(source.remote.host);
}

/** Whether an address is of use to a peer, and any of its business. */
function mayTell(endpoint: Endpoint, peer: Peer): boolean {
  return reachOf(endpoint.host) >= reachOf(peer.remote.host);
}
