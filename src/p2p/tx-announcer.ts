import { binaryKey } from '../bytes/compare.ts';
import type { MempoolEntry } from '../mempool/entry.ts';
import type { Mempool } from '../mempool/mempool.ts';
import type { Clock } from '../platform/clock.ts';
import { Batch } from './batch.ts';
import { type InvEntry, InvType } from './messages/inventory.ts';
import type { Peer } from './peer.ts';
import { RollingSet } from './rolling-set.ts';

/** Announcements in one message, and per peer in one go (Core: INVENTORY_BROADCAST_MAX). */
const MAX_ANNOUNCEMENTS = 1_000;
/** Milliseconds until the next go when there is more. */
const PACE_MS = 50;
/** Transactions that a peer is remembered to know. */
const KNOWN_PER_PEER = 10_000;
/** Satoshis per 1,000 virtual bytes: who asks for as much wants no transactions now. Core rounds it to 9,170,997. */
const NOTHING = 9_000_000n;

interface PeerState {
  /** BIP133: satoshis per 1,000 virtual bytes that a transaction must pay to interest the peer. */
  feeFilter: bigint;
  /** Ids, of the kind the peer uses, that it has announced or been told of. */
  readonly known: RollingSet;
  /** In the mempool, and the peer has not been told. */
  readonly news: Set<MempoolEntry>;
  /** It has been told of the whole mempool a second time; no filter of its brings that about again. */
  toldAnew: boolean;
}

/** Tells peers of the transactions in the mempool: of new ones at once, of all when they connect. */
export class TxAnnouncer {
  readonly #mempool: Mempool;
  readonly #states = new Map<Peer, PeerState>();
  readonly #batch: Batch;
  readonly #unsubscribe: readonly (() => void)[];

  constructor(modules: { readonly mempool: Mempool; readonly clock: Clock }) {
    this.#mempool = modules.mempool;
    this.#batch = new Batch(modules.clock, () => this.#announceAll());
    const { events } = modules.mempool;
    this.#unsubscribe = [
      events.on('added', ({ entry }) => this.#added(entry)),
      events.on('removed', ({ entry }) => this.#removed(entry)),
    ];
  }

  peerReady(peer: Peer): void {
    // BIP37: the peer may not want to hear of transactions.
    if (!peer.handshake.remote?.relay) return;
    const news = new Set(this.#mempool.entries());
    this.#states.set(peer, { feeFilter: 0n, known: new RollingSet(KNOWN_PER_PEER), news, toldAnew: false });
    if (news.size > 0) this.#batch.schedule();
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
    if (state.feeFilter >= NOTHING && feeRate < NOTHING && !state.toldAnew) {
      // It has caught up with the chain. What it was told before it could not use.
      state.toldAnew = true;
      state.known.clear();
      for (const entry of this.#mempool.entries()) state.news.add(entry);
      this.#batch.schedule();
    }
    state.feeFilter = feeRate;
  }

  /** Satoshis per 1,000 virtual bytes below which the peer is told of no transaction. */
  feeFilter(peer: Peer): bigint {
    return this.#states.get(peer)?.feeFilter ?? 0n;
  }

  #added(entry: MempoolEntry): void {
    for (const state of this.#states.values()) state.news.add(entry);
    this.#batch.schedule();
  }

  #removed(entry: MempoolEntry): void {
    for (const state of this.#states.values()) state.news.delete(entry);
  }

  #announceAll(): void {
    let isMore = false;
    for (const [peer, state] of this.#states) {
      if (!peer.isCongested) this.#announce(peer, state);
      if (state.news.size > 0) isMore = true;
    }
    if (isMore) this.#batch.schedule(PACE_MS);
  }

  #announce(peer: Peer, state: PeerState): void {
    const { wtxidRelay } = peer.handshake;
    const entries: InvEntry[] = [];
    for (const entry of state.news) {
      if (entries.length === MAX_ANNOUNCEMENTS) break;
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

/** Satoshis that `vsize` virtual bytes cost at `feeRate`, rounded up. */
function feeFor(feeRate: bigint, vsize: number): bigint {
  return (feeRate * BigInt(vsize) + 999n) / 1000n;
}
