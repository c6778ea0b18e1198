import { binaryKey } from '../../bytes/compare.ts';
import type { MempoolEntry } from '../../mempool/entry.ts';
import type { Mempool } from '../../mempool/mempool.ts';
import { BatchTimer } from '../../platform/batch-timer.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Random, randomInt } from '../../platform/random.ts';
import type { BloomFilter } from '../../proofs/bloom-filter.ts';
import type { Peer } from '../peer/peer.ts';
import { RollingSet } from '../peer/rolling-set.ts';
import { type InvEntry, InvType } from '../wire/messages/inventory.ts';
import { MAX_INV_ENTRIES, ServiceFlag } from '../wire/protocol.ts';

/** Announcements in one message, and per peer in one go (Core: INVENTORY_BROADCAST_MAX). */
const MAX_ANNOUNCEMENTS = 1_000;
/** Milliseconds until the next go when there is more. */
const PACE_MS = 50;
/** Trickling: milliseconds on average between two messages to those we called, and to all who called us (Core). */
const OUTBOUND_INTERVAL_MS = 2_000;
const INBOUND_INTERVAL_MS = 5_000;
/** Announcements in one go then: these, and five of every thousand that wait (Core: INVENTORY_BROADCAST_TARGET). */
const TRICKLE_TARGET = 35;
/** Transactions that a peer is remembered to know. */
const KNOWN_PER_PEER = 10_000;
/** Satoshis per 1,000 virtual bytes: who asks for as much wants no transactions now. Core rounds it to 9,170,997. */
const NOTHING = 9_000_000n;

export interface TxAnnouncerOptions {
  /**
   * Announces after random delays, the best paid first, and only what is new, so that nobody can tell who a transaction
   * came from, as Core does. Otherwise at once, and the whole mempool to who connects.
   */
  readonly trickle: boolean;
  /** Bits of `ServiceFlag` that we offer. */
  readonly services: bigint;
}

export interface TxAnnouncerModules {
  readonly mempool: Mempool;
  readonly clock: Clock;
  readonly random: Random;
}

/** Core: TxRelay. */
interface TxRelayState {
  /** BIP37: whether the peer wants announcements at all. */
  relays: boolean;
  /** BIP37: what the peer wants to hear of; absent: of everything. */
  filter: BloomFilter | undefined;
  /** BIP35: the peer has asked for all that is in the mempool. */
  wantsMempool: boolean;
  /** By the monotonic clock: when the peer is told next. */
  dueAt: number;
  /** BIP133: satoshis per 1,000 virtual bytes that a transaction must pay to interest the peer. */
  feeFilter: bigint;
  /** Ids, of the kind the peer uses, that it has announced or been told of. */
  readonly known: RollingSet;
  /** In the mempool, and the peer has not been told. */
  readonly news: Set<MempoolEntry>;
  /** It has been told of the whole mempool a second time; no filter of its brings that about again. */
  toldAnew: boolean;
}

/** Tells peers of the transactions in the mempool: of new ones, and unless it trickles of all when they connect. */
export class TxAnnouncer {
  readonly #mempool: Mempool;
  readonly #states = new Map<Peer, TxRelayState>();
  readonly #batch: BatchTimer;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #trickle: boolean;
  readonly #offersFilters: boolean;
  /** By the monotonic clock: all who called us are told at the same times, so that several of one owner learn no more. */
  #inboundDueAt = 0;
  readonly #unsubscribe: readonly (() => void)[];

  constructor({ trickle, services }: TxAnnouncerOptions, modules: TxAnnouncerModules) {
    this.#trickle = trickle;
    this.#offersFilters = (services & ServiceFlag.BLOOM) !== 0n;
    this.#mempool = modules.mempool;
    this.#clock = modules.clock;
    this.#random = modules.random;
    this.#batch = new BatchTimer(modules.clock, () => this.#announceAll());
    const { events } = modules.mempool;
    this.#unsubscribe = [
      events.on('added', ({ entry }) => this.#added(entry)),
      events.on('removed', ({ entry }) => this.#removed(entry)),
    ];
  }

  peerReady(peer: Peer): void {
    const relays = peer.handshake.remote?.relay ?? false;
    // Who does not want to hear of transactions may change its mind by loading a filter.
    if (peer.type === 'block-relay-only' || !(relays || this.#offersFilters)) return;
    const news = new Set(this.#trickle || !relays ? [] : this.#mempool.entries());
    const state: TxRelayState = {
      relays,
      filter: undefined,
      wantsMempool: false,
      feeFilter: 0n,
      known: new RollingSet(KNOWN_PER_PEER),
      news,
      toldAnew: false,
      dueAt: 0,
    };
    this.#states.set(peer, state);
    if (news.size > 0) this.#schedule(peer, state);
  }

  peerClosed(peer: Peer): void {
    this.#states.delete(peer);
  }

  close(): void {
    this.#batch.cancel();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  /** The peer knows a transaction by this id, of the kind it uses. */
  noteKnown(peer: Peer, hash: Uint8Array): void {
    this.#states.get(peer)?.known.add(binaryKey(hash));
  }

  setFeeFilter(peer: Peer, feeRate: bigint): void {
    const state = this.#states.get(peer);
    if (!state) return;
    if (!this.#trickle && state.feeFilter >= NOTHING && feeRate < NOTHING && !state.toldAnew) {
      // It has caught up with the chain. What it was told before it could not use.
      state.toldAnew = true;
      state.known.clear();
      for (const entry of this.#mempool.entries()) state.news.add(entry);
      this.#schedule(peer, state);
    }
    state.feeFilter = feeRate;
  }

  /** Satoshis per 1,000 virtual bytes below which the peer is told of no transaction. */
  feeFilter(peer: Peer): bigint {
    return this.#states.get(peer)?.feeFilter ?? 0n;
  }

  /** Whether the peer hears of transactions, or can by loading a filter. */
  hasTxRelay(peer: Peer): boolean {
    return this.#states.has(peer);
  }

  /** Whether the peer wants to hear of transactions. */
  relays(peer: Peer): boolean {
    return this.#states.get(peer)?.relays ?? false;
  }

  /** BIP37: what the peer wants to hear of; undefined: everything, or nothing. */
  filter(peer: Peer): BloomFilter | undefined {
    return this.#states.get(peer)?.filter;
  }

  /** From now on the peer hears of what matches, or without a filter of everything, also where it wanted nothing. */
  setFilter(peer: Peer, filter: BloomFilter | undefined): void {
    const state = this.#states.get(peer);
    if (!state) return;
    state.filter = filter;
    state.relays = true;
  }

  /** Announces all of the mempool that the peer's filters let pass, again or not (BIP35). */
  announceMempool(peer: Peer): void {
    const state = this.#states.get(peer);
    if (!state || state.wantsMempool) return;
    state.wantsMempool = true;
    if (state.news.size === 0) this.#schedule(peer, state);
  }

  /** Whether the peer is yet to be told of an entry: until then its origin would show (Core: FindTxForGetData). */
  isUnannounced(peer: Peer, entry: MempoolEntry): boolean {
    return this.#trickle && (this.#states.get(peer)?.news.has(entry) ?? false);
  }

  #added(entry: MempoolEntry): void {
    for (const [peer, state] of this.#states) {
      state.news.add(entry);
      if (state.news.size === 1 && !state.wantsMempool) this.#schedule(peer, state);
    }
  }

  /** There is something to tell the peer. */
  #schedule(peer: Peer, state: TxRelayState): void {
    const now = this.#clock.monotonic();
    if (this.#trickle) state.dueAt = peer.inbound ? this.#nextInbound(now) : now + this.#delay(OUTBOUND_INTERVAL_MS);
    this.#batch.schedule(Math.max(0, state.dueAt - now));
  }

  #nextInbound(now: number): number {
    if (this.#inboundDueAt <= now) this.#inboundDueAt = now + this.#delay(INBOUND_INTERVAL_MS);
    return this.#inboundDueAt;
  }

  /** Milliseconds to the next event of those that come by chance, every `mean` milliseconds on average. */
  #delay(mean: number): number {
    const uniform = (randomInt(this.#random, 2 ** 32) + 1) / 2 ** 32;
    return Math.ceil(-Math.log(uniform) * mean);
  }

  #removed(entry: MempoolEntry): void {
    for (const state of this.#states.values()) state.news.delete(entry);
  }

  #announceAll(): void {
    const now = this.#clock.monotonic();
    for (const [peer, state] of this.#states) {
      if (state.news.size === 0 && !state.wantsMempool) continue;
      if (state.dueAt <= now) {
        if (!peer.isCongested) this.#announce(peer, state);
        if (state.news.size > 0 || state.wantsMempool) this.#postpone(peer, state);
      } else {
        this.#batch.schedule(state.dueAt - now);
      }
    }
  }

  /** There was more than goes into one message, or the peer does not read. */
  #postpone(peer: Peer, state: TxRelayState): void {
    if (this.#trickle) this.#schedule(peer, state);
    else this.#batch.schedule(PACE_MS);
  }

  /** What to tell now; parents always before their children. */
  #next({ news }: TxRelayState): { readonly entries: Iterable<MempoolEntry>; readonly limit: number } {
    if (!this.#trickle) return { entries: news, limit: MAX_ANNOUNCEMENTS };
    const limit = Math.min(MAX_ANNOUNCEMENTS, TRICKLE_TARGET + Math.floor(news.size / 1000) * 5);
    return { entries: [...news].sort(byFamilyAndRate), limit };
  }

  #announce(peer: Peer, state: TxRelayState): void {
    if (!state.relays) state.news.clear();
    if (state.wantsMempool) this.#answerMempool(peer, state);
    const entries: InvEntry[] = [];
    const next = this.#next(state);
    for (const entry of next.entries) {
      if (entries.length === next.limit) break;
      state.news.delete(entry);
      const announcement = announcementTo(peer, entry);
      if (state.known.has(binaryKey(announcement.hash)) || !interests(state, entry)) continue;
      state.known.add(binaryKey(announcement.hash));
      entries.push(announcement);
    }
    if (entries.length > 0) peer.send('inv', { entries });
  }

  #answerMempool(peer: Peer, state: TxRelayState): void {
    state.wantsMempool = false;
    state.news.clear();
    const entries: InvEntry[] = [];
    for (const entry of this.#mempool.entries()) {
      if (!interests(state, entry)) continue;
      const announcement = announcementTo(peer, entry);
      state.known.add(binaryKey(announcement.hash));
      entries.push(announcement);
    }
    for (let at = 0; at < entries.length; at += MAX_INV_ENTRIES) {
      peer.send('inv', { entries: entries.slice(at, at + MAX_INV_ENTRIES) });
    }
  }
}

function announcementTo(peer: Peer, { tx }: MempoolEntry): InvEntry {
  return peer.handshake.wtxidRelay ? { type: InvType.WTX, hash: tx.wtxid } : { type: InvType.TX, hash: tx.txid };
}

/** Whether an entry passes the peer's filters. It may change the one by what matches (BIP37). */
function interests({ feeFilter, filter }: TxRelayState, entry: MempoolEntry): boolean {
  return entry.fee >= feeFor(feeFilter, entry.vsize) && (filter?.isRelevantAndUpdate(entry.tx) ?? true);
}

/** Fewer ancestors first, then the better paid (Core: CompareDepthAndScore). */
function byFamilyAndRate(a: MempoolEntry, b: MempoolEntry): number {
  const rate = (entry: MempoolEntry) => Number(entry.modifiedFee) / entry.vsize;
  return a.ancestorCount - b.ancestorCount || rate(b) - rate(a);
}

/** Satoshis that `vsize` virtual bytes cost at `feeRate`, rounded up. */
function feeFor(feeRate: bigint, vsize: number): bigint {
  return (feeRate * BigInt(vsize) + 999n) / 1000n;
}
