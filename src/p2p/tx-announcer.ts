import { binaryKey } from '../bytes/compare.ts';
import type { MempoolEntry } from '../mempool/entry.ts';
import type { Mempool } from '../mempool/mempool.ts';
import type { Clock } from '../platform/clock.ts';
import { type Random, randomInt } from '../platform/random.ts';
import { Batch } from './batch.ts';
import { type InvEntry, InvType } from './messages/inventory.ts';
import type { Peer } from './peer.ts';
import { RollingSet } from './rolling-set.ts';

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
}

export interface TxAnnouncerModules {
  readonly mempool: Mempool;
  readonly clock: Clock;
  readonly random: Random;
}

interface PeerState {
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
  readonly #states = new Map<Peer, PeerState>();
  readonly #batch: Batch;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #trickle: boolean;
  /** By the monotonic clock: all who called us are told at the same times, so that several of one owner learn no more. */
  #inboundDueAt = 0;
  readonly #unsubscribe: readonly (() => void)[];

  constructor({ trickle }: TxAnnouncerOptions, modules: TxAnnouncerModules) {
    this.#trickle = trickle;
    this.#mempool = modules.mempool;
    this.#clock = modules.clock;
    this.#random = modules.random;
    this.#batch = new Batch(modules.clock, () => this.#announceAll());
    const { events } = modules.mempool;
    this.#unsubscribe = [
      events.on('added', ({ entry }) => this.#added(entry)),
      events.on('removed', ({ entry }) => this.#removed(entry)),
    ];
  }

  peerReady(peer: Peer): void {
    // BIP37: the peer may not want to hear of transactions.
    if (!peer.handshake.remote?.relay || peer.type === 'block-relay-only') return;
    const news = new Set(this.#trickle ? [] : this.#mempool.entries());
    const state = { feeFilter: 0n, known: new RollingSet(KNOWN_PER_PEER), news, toldAnew: false, dueAt: 0 };
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

  /** Whether the peer is yet to be told of an entry: until then its origin would show (Core: FindTxForGetData). */
  isSecret(peer: Peer, entry: MempoolEntry): boolean {
    return this.#trickle && (this.#states.get(peer)?.news.has(entry) ?? false);
  }

  #added(entry: MempoolEntry): void {
    for (const [peer, state] of this.#states) {
      state.news.add(entry);
      if (state.news.size === 1) this.#schedule(peer, state);
    }
  }

  /** There is something to tell the peer. */
  #schedule(peer: Peer, state: PeerState): void {
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
      if (state.news.size === 0) continue;
      if (state.dueAt <= now) {
        if (!peer.isCongested) this.#announce(peer, state);
        if (state.news.size > 0) this.#postpone(peer, state);
      } else {
        this.#batch.schedule(state.dueAt - now);
      }
    }
  }

  /** There was more than goes into one message, or the peer does not read. */
  #postpone(peer: Peer, state: PeerState): void {
    if (this.#trickle) this.#schedule(peer, state);
    else this.#batch.schedule(PACE_MS);
  }

  /** What to tell now; parents always before their children. */
  #next({ news }: PeerState): { readonly entries: Iterable<MempoolEntry>; readonly limit: number } {
    if (!this.#trickle) return { entries: news, limit: MAX_ANNOUNCEMENTS };
    const limit = Math.min(MAX_ANNOUNCEMENTS, TRICKLE_TARGET + Math.floor(news.size / 1000) * 5);
    return { entries: [...news].sort(byFamilyAndRate), limit };
  }

  #announce(peer: Peer, state: PeerState): void {
    const { wtxidRelay } = peer.handshake;
    const entries: InvEntry[] = [];
    const next = this.#next(state);
    for (const entry of next.entries) {
      if (entries.length === next.limit) break;
      state.news.delete(entry);
      const hash = wtxidRelay ? entry.tx.wtxid : entry.tx.txid;
      const key = binaryKey(hash);
      if (state.known.has(key) || entry.fee < feeFor(state.feeFilter, entry.vsize)) continue;
      state.known.add(key);
      entries.push({ type: wtxidRelay ? InvType.WTX : InvType.TX, hash });
    }
    if (entries.length > 0) peer.send('inv', { entries });
  }
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
