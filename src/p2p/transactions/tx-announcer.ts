import { binaryKey } from '../../bytes/compare.ts';
import type { MempoolEntry } from '../../mempool/entry.ts';
import type { Mempool } from '../../mempool/mempool.ts';
import { BatchTimer } from '../../platform/batch-timer.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Random, randomInt } from '../../platform/random.ts';
import { RollingSet } from '../../platform/rolling-set.ts';
import type { BloomFilter } from '../../proofs/bloom-filter.ts';
import type { Peer } from '../peer/peer.ts';
import type { Work } from '../peer/work.ts';
import { type InvEntry, InvType } from '../wire/messages/inventory.ts';
import { MAX_INV_ENTRIES, ServiceFlag } from '../wire/protocol.ts';

/** Transactions announced to a peer by one `inv` (Core: INVENTORY_BROADCAST_MAX). */
const MAX_ANNOUNCEMENTS = 1_000;
/** Milliseconds before the next `inv` to a peer if transactions are left to announce. */
const NEXT_INV_MS = 50;
/**
 * Average milliseconds between two `inv` to an outbound peer, with trickling (Core:
 * OUTBOUND_INVENTORY_BROADCAST_INTERVAL).
 */
const OUTBOUND_INTERVAL_MS = 2_000;
/**
 * Average milliseconds between two `inv` to inbound peers, with trickling (Core: INBOUND_INVENTORY_BROADCAST_INTERVAL).
 */
const INBOUND_INTERVAL_MS = 5_000;
/** Transactions per `inv` with trickling, plus five per 1,000 pending ones (Core: INVENTORY_BROADCAST_TARGET). */
const TRICKLE_TARGET = 35;
/** Transactions remembered per peer as known to it (Core: m_tx_inventory_known_filter). */
const KNOWN_PER_PEER = 10_000;
/**
 * Satoshis per 1,000 virtual bytes from which a fee filter means no transactions; Core rounds MAX_MONEY down to
 * 9,170,997.
 */
const NO_TX_FEE_FILTER = 9_000_000n;

/** How transactions are announced. */
export interface TxAnnouncerOptions {
  /**
   * Whether to announce only new transactions, after random delays and by descending fee rate, so that peers cannot
   * tell where a transaction came from, as in Core. Otherwise announces at once, and the whole mempool to a new peer.
   */
  readonly trickle: boolean;
  /** Our service bits. */
  readonly services: bigint;
}

/** Modules that a `TxAnnouncer` uses. */
export interface TxAnnouncerModules {
  readonly mempool: Mempool;
  readonly clock: Clock;
  readonly random: Random;
}

/** Transaction relay to one peer (Core: TxRelay). */
interface TxRelayState {
  /** Whether the peer wants announcements (BIP37; Core: m_relay_txs). */
  relays: boolean;
  /** The peer's Bloom filter (BIP37); undefined: none. */
  filter: BloomFilter | undefined;
  /** Whether a `mempool` message (BIP35) has yet to be answered (Core: m_send_mempool). */
  mempoolRequest: 'none' | 'due' | 'running';
  /** Monotonic milliseconds of the next `inv` (Core: m_next_inv_send_time). */
  dueAt: number;
  /** The peer's fee filter (BIP133) in satoshis per 1,000 virtual bytes. */
  feeFilter: bigint;
  /** Ids, txids or wtxids as the peer uses them, that the peer announced or that were announced to it. */
  readonly known: RollingSet;
  /** Entries of the mempool to announce (Core: m_tx_inventory_to_send). */
  readonly pending: Set<MempoolEntry>;
  /** The mempool's next sequence number at the last `inv` time (Core: m_last_inv_sequence). */
  lastSequence: number;
  /** Whether the whole mempool was announced a second time, after the peer caught up; this happens once. */
  isReannounced: boolean;
}

/** Announces the mempool's transactions: new ones, and without trickling all of them to a new peer. */
export class TxAnnouncer {
  readonly #mempool: Mempool;
  readonly #states = new Map<Peer, TxRelayState>();
  readonly #batch: BatchTimer;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #trickle: boolean;
  readonly #offersFilters: boolean;
  /**
   * Monotonic milliseconds; one time for all inbound peers, so that an attacker learns no more
   * from several connections.
   */
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
    // A peer with relay=false may enable transaction relay by loading a Bloom filter.
    if (peer.type === 'block-relay-only' || !(relays || this.#offersFilters)) return;
    const pending = new Set(this.#trickle || !relays ? [] : this.#mempool.entries());
    const state: TxRelayState = {
      relays,
      filter: undefined,
      mempoolRequest: 'none',
      feeFilter: 0n,
      known: new RollingSet(KNOWN_PER_PEER),
      pending,
      lastSequence: 1,
      isReannounced: false,
      dueAt: 0,
    };
    this.#states.set(peer, state);
    if (pending.size > 0) this.#schedule(peer, state);
  }

  peerClosed(peer: Peer): void {
    this.#states.delete(peer);
  }

  close(): void {
    this.#batch.cancel();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  /** Records that the peer knows a transaction, by the kind of id it uses (Core: AddKnownTx). */
  noteKnown(peer: Peer, hash: Uint8Array): void {
    this.#states.get(peer)?.known.add(binaryKey(hash));
  }

  /** Handles `feefilter` (BIP133); in satoshis per 1,000 virtual bytes. */
  setFeeFilter(peer: Peer, feeRate: bigint): void {
    const state = this.#states.get(peer);
    if (!state) return;
    const hasCaughtUp = state.feeFilter >= NO_TX_FEE_FILTER && feeRate < NO_TX_FEE_FILTER;
    if (!this.#trickle && hasCaughtUp && !state.isReannounced) {
      // The peer could not accept the transactions that were announced before it caught up with the chain.
      state.isReannounced = true;
      state.known.clear();
      for (const entry of this.#mempool.entries()) state.pending.add(entry);
      this.#schedule(peer, state);
    }
    state.feeFilter = feeRate;
  }

  /** Returns the peer's fee filter in satoshis per 1,000 virtual bytes; 0 for none. */
  feeFilter(peer: Peer): bigint {
    return this.#states.get(peer)?.feeFilter ?? 0n;
  }

  /** Returns how far announcements to the peer have come. */
  progress(peer: Peer): { readonly lastInvSequence: number; readonly invToSend: number } {
    const state = this.#states.get(peer);
    return { lastInvSequence: state?.lastSequence ?? 0, invToSend: state?.pending.size ?? 0 };
  }

  /**
   * Returns whether transactions are relayed to the peer, or will be once it loads a Bloom filter (Core: GetTxRelay).
   */
  hasTxRelay(peer: Peer): boolean {
    return this.#states.has(peer);
  }

  /** Returns whether the peer wants transactions announced. */
  relays(peer: Peer): boolean {
    return this.#states.get(peer)?.relays ?? false;
  }

  /** Returns the peer's Bloom filter (BIP37); undefined for none. */
  filter(peer: Peer): BloomFilter | undefined {
    return this.#states.get(peer)?.filter;
  }

  /** Sets or clears the peer's Bloom filter, and enables transaction relay (BIP37). */
  setFilter(peer: Peer, filter: BloomFilter | undefined): void {
    const state = this.#states.get(peer);
    if (!state) return;
    state.filter = filter;
    state.relays = true;
  }

  /** Handles `mempool` (BIP35): announces all entries that pass the peer's filters, including known ones. */
  announceMempool(peer: Peer): void {
    const state = this.#states.get(peer);
    if (state?.mempoolRequest !== 'none') return;
    state.mempoolRequest = 'due';
    if (state.pending.size === 0) this.#schedule(peer, state);
  }

  /**
   * Returns whether to withhold an entry until it is announced to the peer, since its origin would leak
   * (Core: FindTxForGetData).
   */
  isUnannounced(peer: Peer, entry: MempoolEntry): boolean {
    return this.#trickle && (this.#states.get(peer)?.pending.has(entry) ?? false);
  }

  #added(entry: MempoolEntry): void {
    for (const [peer, state] of this.#states) {
      state.pending.add(entry);
      if (state.pending.size === 1 && state.mempoolRequest !== 'due') this.#schedule(peer, state);
    }
  }

  /** Schedules the next `inv` to a peer. */
  #schedule(peer: Peer, state: TxRelayState): void {
    const now = this.#clock.monotonic();
    if (this.#trickle) state.dueAt = peer.inbound ? this.#nextInbound(now) : now + this.#delay(OUTBOUND_INTERVAL_MS);
    this.#batch.schedule(Math.max(0, state.dueAt - now));
  }

  #nextInbound(now: number): number {
    if (this.#inboundDueAt <= now) this.#inboundDueAt = now + this.#delay(INBOUND_INTERVAL_MS);
    return this.#inboundDueAt;
  }

  /** Returns an exponentially distributed delay, in milliseconds (Core: rand_exp_duration). */
  #delay(mean: number): number {
    const uniform = (randomInt(this.#random, 2 ** 32) + 1) / 2 ** 32;
    return Math.ceil(-Math.log(uniform) * mean);
  }

  #removed(entry: MempoolEntry): void {
    for (const state of this.#states.values()) state.pending.delete(entry);
  }

  #announceAll(): void {
    const now = this.#clock.monotonic();
    for (const [peer, state] of this.#states) {
      if (state.pending.size === 0 && state.mempoolRequest !== 'due') continue;
      if (state.dueAt <= now) {
        if (!peer.isCongested) this.#announce(peer, state);
        if (state.pending.size > 0 || state.mempoolRequest === 'due') this.#postpone(peer, state);
      } else {
        this.#batch.schedule(state.dueAt - now);
      }
    }
  }

  /** Schedules the rest, if one `inv` was not enough or the peer is congested. */
  #postpone(peer: Peer, state: TxRelayState): void {
    if (this.#trickle) this.#schedule(peer, state);
    else this.#batch.schedule(NEXT_INV_MS);
  }

  /** Returns the entries to announce next, parents before children, and how many of them. */
  #next({ pending }: TxRelayState): { readonly entries: Iterable<MempoolEntry>; readonly limit: number } {
    if (!this.#trickle) return { entries: pending, limit: MAX_ANNOUNCEMENTS };
    const limit = Math.min(MAX_ANNOUNCEMENTS, TRICKLE_TARGET + Math.floor(pending.size / 1000) * 5);
    return { entries: [...pending].sort(compareDepthAndFeeRate), limit };
  }

  #announce(peer: Peer, state: TxRelayState): void {
    if (!state.relays) state.pending.clear();
    state.lastSequence = this.#mempool.nextSequence;
    if (state.mempoolRequest === 'due') {
      state.mempoolRequest = 'running';
      state.pending.clear();
      peer.perform(this.#answerMempool(peer, state));
    }
    const entries: InvEntry[] = [];
    const next = this.#next(state);
    for (const entry of next.entries) {
      if (entries.length === next.limit) break;
      state.pending.delete(entry);
      const announcement = announcementTo(peer, entry);
      if (state.known.has(binaryKey(announcement.hash)) || !passesFilters(state, entry)) continue;
      state.known.add(binaryKey(announcement.hash));
      entries.push(announcement);
    }
    if (entries.length > 0) peer.send('inv', { entries });
  }

  /** Announces the whole mempool; a Bloom filter makes this much work for a short request. */
  *#answerMempool(peer: Peer, state: TxRelayState): Work {
    let entries: InvEntry[] = [];
    for (const entry of [...this.#mempool.entries()]) {
      yield;
      if (this.#mempool.get(entry.tx.txid) !== entry || !passesFilters(state, entry)) continue;
      const announcement = announcementTo(peer, entry);
      state.known.add(binaryKey(announcement.hash));
      entries.push(announcement);
      if (entries.length < MAX_INV_ENTRIES) continue;
      peer.send('inv', { entries });
      entries = [];
    }
    if (entries.length > 0) peer.send('inv', { entries });
    state.mempoolRequest = 'none';
  }
}

function announcementTo(peer: Peer, { tx }: MempoolEntry): InvEntry {
  return peer.handshake.wtxidRelay ? { type: InvType.WTX, hash: tx.wtxid } : { type: InvType.TX, hash: tx.txid };
}

/** Returns whether an entry passes the peer's fee filter and Bloom filter. A match may update the latter (BIP37). */
function passesFilters({ feeFilter, filter }: TxRelayState, entry: MempoolEntry): boolean {
  return entry.fee >= feeFor(feeFilter, entry.vsize) && (filter?.isRelevantAndUpdate(entry.tx) ?? true);
}

/** Orders by ascending number of ancestors, then by descending fee rate (Core: CompareDepthAndScore). */
function compareDepthAndFeeRate(a: MempoolEntry, b: MempoolEntry): number {
  const rate = (entry: MempoolEntry) => Number(entry.modifiedFee) / entry.vsize;
  return a.ancestorCount - b.ancestorCount || rate(b) - rate(a);
}

/** Returns the fee, in satoshis, of `vsize` virtual bytes at `feeRate`, rounded up. */
function feeFor(feeRate: bigint, vsize: number): bigint {
  return (feeRate * BigInt(vsize) + 999n) / 1000n;
}
