import { binaryKey, concatBytes } from '../../bytes/compare.ts';
import { sha256 } from '../../crypto/hash.ts';
import { BatchTimer } from '../../platform/batch-timer.ts';
import { type Clock, unixSeconds } from '../../platform/clock.ts';
import { exponential, type Random, randomInt } from '../../platform/random.ts';
import { TokenBucket } from '../../platform/token-bucket.ts';
import type { Endpoint } from '../net/endpoint.ts';
import { advertisedEndpoint, formatEndpoint, isWildcard, reachOf } from '../net/endpoint.ts';
import { endpointKey } from '../net/netgroup.ts';
import type { Peer } from '../peer/peer.ts';
import { RollingSet } from '../peer/rolling-set.ts';
import { fitsAddr } from '../wire/messages/addr.ts';
import { type PeerAddress, toEndpoint, toNetAddress } from '../wire/messages/net-address.ts';
import { canServeBlocks, MAX_ADDRESSES } from '../wire/protocol.ts';
import type { AddressBook } from './address-book.ts';
import type { AddressManager } from './address-manager.ts';

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
/** Seconds after which others are chosen for that. */
const DAY = 24 * 60 * 60;
/** Milliseconds between our own introductions on average (Core: AVG_LOCAL_ADDRESS_BROADCAST_INTERVAL), and to neighbours. */
const INTRODUCTION_MS = 24 * 60 * 60_000;
const NEIGHBOUR_INTRODUCTION_MS = 10 * 60_000;
/** The part of the known addresses that a stranger is told (Core: MAX_PCT_ADDR_TO_SEND). */
const TOLD_PART = 0.23;
/** Milliseconds for which strangers get the same answer, and what chance adds to it at most (Core: GetAddresses). */
const ANSWER_MS = 21 * 60 * 60_000;
const ANSWER_MORE_MS = 6 * 60 * 60_000;
/** Answers kept: one for each of our own addresses that strangers come by. */
const MAX_ANSWERS = 16;
/** Milliseconds for which news is collected into one message. */
const COLLECT_MS = 100;
/** Seconds that are taken off the age of what others tell (Core). */
const HEARSAY_PENALTY = 2 * 60 * 60;
const FIVE_DAYS = 5 * 24 * 60 * 60;

export interface AddressRelayOptions {
  /** Bits of `ServiceFlag` that we offer. */
  readonly services: bigint;
}

export interface AddressRelayModules {
  readonly book: AddressBook;
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
  /** By the monotonic clock; undefined before the first. */
  nextIntroduction: number | undefined;
  processed: number;
  rateLimited: number;
}

/** What strangers are told, until a time by the monotonic clock. */
interface Answer {
  readonly until: number;
  readonly addresses: readonly PeerAddress[];
}

/**
 * Gossip about where nodes can be found: ours is told, others' are learnt and passed on. To strangers as Core does it, so
 * that nobody learns from it who is connected to whom. Among neighbours, on one machine or in one private network, that
 * is no secret, and a small network must know itself soon: they are told all, and at once.
 */
export class AddressRelay {
  readonly #services: bigint;
  readonly #book: AddressBook;
  readonly #addresses: AddressManager;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #states = new Map<Peer, PeerState>();
  readonly #batch: BatchTimer;
  /** Decides who is told what. */
  readonly #secret: Uint8Array;
  readonly #answers = new Map<string, Answer>();

  constructor(options: AddressRelayOptions, modules: AddressRelayModules) {
    this.#services = options.services;
    this.#book = modules.book;
    this.#addresses = modules.book.addresses;
    this.#clock = modules.clock;
    this.#random = modules.random;
    this.#batch = new BatchTimer(modules.clock, () => this.#sendNews());
    this.#secret = modules.random.bytes(32);
  }

  peerReady(peer: Peer): void {
    // Nobody shall find these connections by what we tell over them.
    if (peer.type === 'block-relay-only') return;
    const state: PeerState = {
      enabled: false,
      known: new RollingSet(KNOWN_PER_PEER),
      bucket: new TokenBucket(this.#clock, ADDRESSES_PER_SECOND, ADDRESS_BURST, 1),
      news: new Map(),
      answeredGetAddr: false,
      awaitsAnswer: false,
      nextIntroduction: undefined,
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
    if (!state.enabled || (state.nextIntroduction !== undefined && now < state.nextIntroduction)) return;
    const endpoint = advertisedEndpoint(this.#book.listening, peer.local);
    const address = endpoint && toNetAddress(endpoint);
    if (!address || !mayTell(endpoint, peer)) return;
    // What the peer was told long ago is worth telling again.
    if (state.nextIntroduction !== undefined) state.known.clear();
    const interval = isNeighbour(peer) ? NEIGHBOUR_INTRODUCTION_MS : INTRODUCTION_MS;
    state.nextIntroduction = now + exponential(this.#random, interval);
    this.#sendTo(peer, [{ ...address, services: this.#services, time: unixSeconds(this.#clock) }]);
  }

  /** Takes an `addr` or `addrv2`. */
  received(peer: Peer, addresses: readonly PeerAddress[]): void {
    const state = this.#states.get(peer);
    if (!state) return;
    this.#enable(peer, state);
    const now = unixSeconds(this.#clock);
    const source = { host: peer.remote.host, port: (peer.endpoint ?? peer.remote).port };
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
      const own = this.#book.listening;
      if ((own && formatEndpoint(own) === key) || this.#book.isRefused(endpoint)) continue;
      // A time that cannot be counts as long ago.
      const time = address.time <= 100_000_000 || address.time > now + 600 ? now - FIVE_DAYS : address.time;
      if (isNews && time > now - NEWS_AGE)
        this.#passOn(peer, endpoint, { ...address, address: new Uint8Array(address.address) });
      if (this.#addresses.add({ endpoint, services: address.services, time }, source, HEARSAY_PENALTY)) learned = true;
    }
    // A full message may be one of several.
    if (addresses.length < MAX_ADDRESSES) state.awaitsAnswer = false;
    if (learned) this.#book.events.emit('learned', undefined);
  }

  /** Once per connection, and only for those who called us: who we call could otherwise be told apart by the answers. */
  requested(peer: Peer): void {
    const state = this.#states.get(peer);
    if (!state || !peer.inbound) return;
    this.#enable(peer, state);
    if (state.answeredGetAddr) return;
    state.answeredGetAddr = true;
    this.#sendTo(peer, isNeighbour(peer) ? this.#sample(MAX_ADDRESSES, peer) : this.#answerFor(peer));
  }

  /** Strangers who come by the same way get the same answer, so that asking often shows nothing of our comings and goings. */
  #answerFor(peer: Peer): readonly PeerAddress[] {
    const way = `${peer.remote.host.includes(':')} ${peer.local ? formatEndpoint(peer.local) : ''}`;
    const now = this.#clock.monotonic();
    const kept = this.#answers.get(way);
    if (kept && now < kept.until) return kept.addresses;
    const count = Math.min(MAX_ADDRESSES, Math.floor(this.#addresses.size * TOLD_PART));
    const until = now + ANSWER_MS + (randomInt(this.#random, 1_000) / 1_000) * ANSWER_MORE_MS;
    const answer = { until, addresses: this.#sample(count, peer) };
    if (this.#answers.size >= MAX_ANSWERS) this.#answers.clear();
    this.#answers.set(way, answer);
    return answer.addresses;
  }

  #sample(count: number, peer: Peer): PeerAddress[] {
    const answer: PeerAddress[] = [];
    const sampled = this.#addresses.sample(
      count,
      ({ endpoint }) => mayTell(endpoint, peer) && !this.#book.isRefused(endpoint),
    );
    for (const { endpoint, services, time } of sampled) {
      const address = toNetAddress(endpoint);
      if (address) answer.push({ ...address, services, time });
    }
    return answer;
  }

  /** Queues news of an address for those who do not know it: neighbours, and of strangers a few. */
  #passOn(from: Peer, endpoint: Endpoint, address: PeerAddress): void {
    const key = formatEndpoint(endpoint);
    let peers: [Peer, PeerState][] = [];
    for (const [peer, state] of this.#states) {
      if (peer !== from && state.enabled && mayTell(endpoint, peer)) peers.push([peer, state]);
    }
    if (reachOf(endpoint.host) === 2) peers = this.#chosenFor(endpoint, peers);
    for (const [, state] of peers) {
      if (!state.known.has(key) && state.news.size < MAX_ADDRESSES) state.news.set(key, address);
    }
    this.#batch.schedule(COLLECT_MS);
  }

  /**
   * The same for one address for a day: who repeats it does not reach more. When the day begins is the address's own
   * (Core: RelayAddress).
   */
  #chosenFor(endpoint: Endpoint, peers: readonly [Peer, PeerState][]): [Peer, PeerState][] {
    const name = sha256(concatBytes(this.#secret, endpointKey(endpoint)));
    const offset = new DataView(name.buffer, name.byteOffset).getUint32(0) % DAY;
    const day = Math.floor((unixSeconds(this.#clock) + offset) / DAY);
    const rank = ({ id }: Peer) => binaryKey(sha256(concatBytes(name, Uint8Array.from([day, id].flatMap(uint32)))));
    return peers
      .map((entry) => ({ entry, rank: rank(entry[0]) }))
      .sort((a, b) => (a.rank < b.rank ? -1 : 1))
      .slice(0, RELAY_PEERS)
      .map(({ entry }) => entry);
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

/** Whether a peer is on this machine, or in a network that is not the internet. */
function isNeighbour(peer: Peer): boolean {
  return reachOf(peer.remote.host) < 2;
}

function uint32(value: number): number[] {
  return [value >>> 24, value >>> 16, value >>> 8, value].map((byte) => byte & 0xff);
}
