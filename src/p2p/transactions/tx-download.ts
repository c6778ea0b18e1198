import { binaryKey } from '../../bytes/compare.ts';
import type { Reject, TxRejectKind } from '../../consensus/reject.ts';
import type { Mempool } from '../../mempool/mempool.ts';
import { packageHash } from '../../mempool/package/well-formed.ts';
import { BatchTimer } from '../../platform/batch-timer.ts';
import { type Clock, unixSeconds } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Random } from '../../platform/random.ts';
import type { Block } from '../../primitives/block.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import type { ExtraTransactions } from '../blocks/compact/extra-transactions.ts';
import { isLoopback } from '../net/endpoint.ts';
import type { Peer } from '../peer/peer.ts';
import { RollingSet } from '../peer/rolling-set.ts';
import { type InvEntry, InvType } from '../wire/messages/inventory.ts';
import { type Orphan, Orphanage } from './orphanage.ts';
import { requestByTxid, TxRequestTracker } from './tx-request-tracker.ts';

/** Milliseconds by which those who called us from elsewhere are asked later (Core: NONPREF_PEER_TX_DELAY). */
const INBOUND_DELAY_MS = 2_000;
/** The same for announcements by txid while others announce by wtxid (Core: TXID_RELAY_DELAY). */
const TXID_DELAY_MS = 2_000;
/** Entries of one `getdata` (Core: MAX_GETDATA_SZ). */
const MAX_GETDATA = 1_000;
/** Refused transactions that are remembered until the next block. */
const RECENT_REJECTS = 120_000;
/** Transactions of recent blocks that are remembered (Core: m_lazy_recent_confirmed_transactions). */
const RECENT_CONFIRMED = 48_000;

export interface TxDownloadModules {
  readonly mempool: Mempool;
  readonly extra: ExtraTransactions;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Fetches announced transactions, hands them to the mempool, and keeps those that came before their parents. */
export class TxDownload {
  readonly #mempool: Mempool;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #extra: ExtraTransactions;
  readonly #requests: TxRequestTracker;
  readonly #orphanage: Orphanage;
  /** Ids of both kinds. */
  readonly #recentRejects = new RollingSet(RECENT_REJECTS);
  /** Those that paid too little alone, and hashes of packages that have been tried (Core: m_lazy_recent_rejects_reconsiderable). */
  readonly #reconsiderable = new RollingSet(RECENT_REJECTS);
  readonly #recentConfirmed = new RollingSet(RECENT_CONFIRMED);
  /** Orphans whose parents have been confirmed since the last change of the tip. */
  readonly #adoptable = new Set<Orphan>();
  /** Peers that announce by wtxid. */
  readonly #wtxidPeers = new Set<Peer>();
  readonly #lastTimes = new WeakMap<Peer, number>();
  readonly #batch: BatchTimer;

  constructor(modules: TxDownloadModules) {
    this.#mempool = modules.mempool;
    this.#clock = modules.clock;
    this.#logger = modules.logger;
    this.#extra = modules.extra;
    this.#requests = new TxRequestTracker(modules.random);
    this.#orphanage = new Orphanage(modules.clock, modules.random);
    this.#batch = new BatchTimer(modules.clock, () => this.#ask());
  }

  /** Unix seconds of the last transaction from a peer that the mempool took; 0 for none. */
  lastTxTime(peer: Peer): number {
    return this.#lastTimes.get(peer) ?? 0;
  }

  peerReady(peer: Peer): void {
    if (peer.handshake.wtxidRelay) this.#wtxidPeers.add(peer);
  }

  peerClosed(peer: Peer): void {
    this.#wtxidPeers.delete(peer);
    this.#requests.peerClosed(peer);
    this.#orphanage.peerClosed(peer);
    this.#batch.schedule();
  }

  close(): void {
    this.#batch.cancel();
  }

  /** Notes what a peer announced. Entries by the other kind of id than agreed upon are ignored, as in Core. */
  announced(peer: Peer, entries: readonly InvEntry[]): void {
    const type = peer.handshake.wtxidRelay ? InvType.WTX : InvType.TX;
    for (const entry of entries) {
      if (entry.type !== type) continue;
      if (type === InvType.WTX) this.#noteOrphan(peer, entry.hash);
      if (this.#isKnown(entry) || this.#reconsiderable.has(binaryKey(entry.hash))) continue;
      // By txid, a peer is asked for the form with witness.
      this.#want(peer, type === InvType.WTX ? entry : requestByTxid(entry.hash));
    }
    this.#batch.schedule();
  }

  /**
   * Asks `peer` when its turn comes: those who called us later than those we called, by txid later where others announce
   * by wtxid (Core). On one machine nobody gains by delays.
   */
  #want(peer: Peer, entry: InvEntry): void {
    let delay = 0;
    if (!isLoopback(peer.remote.host)) {
      if (peer.inbound) delay += INBOUND_DELAY_MS;
      if (entry.type !== InvType.WTX && this.#wtxidPeers.size > 0) delay += TXID_DELAY_MS;
    }
    this.#requests.announced(peer, entry, this.#clock.monotonic(), delay);
  }

  /** Another peer has an orphan of ours, and so, most likely, its parents. */
  #noteOrphan(peer: Peer, wtxid: Uint8Array): void {
    const orphan = this.#orphanage.get(wtxid);
    if (!orphan || orphan.peers.has(peer)) return;
    orphan.peers.add(peer);
    this.#wantParents(peer, orphan.tx);
  }

  #wantParents(peer: Peer, { inputs }: Transaction): void {
    for (const { prevout } of inputs) {
      const request = requestByTxid(prevout.txid);
      if (!this.#isKnown(request)) this.#want(peer, request);
    }
  }

  /** What a peer was asked for and does not have is asked of the next one. */
  notFound(peer: Peer, entries: readonly InvEntry[]): void {
    for (const { hash } of entries) this.#requests.receivedResponse(peer, hash);
    this.#batch.schedule();
  }

  #ask(): void {
    const now = this.#clock.monotonic();
    for (const [peer, entries] of this.#requests.due(now)) {
      for (let i = 0; i < entries.length; i += MAX_GETDATA) {
        peer.send('getdata', { entries: entries.slice(i, i + MAX_GETDATA) });
      }
    }
    const next = this.#requests.nextDue();
    if (next !== undefined) this.#batch.schedule(Math.max(0, next - now));
  }

  #isKnown({ type, hash }: InvEntry): boolean {
    const key = binaryKey(hash);
    if (this.#recentRejects.has(key) || this.#recentConfirmed.has(key)) return true;
    if (type === InvType.WTX) return this.#orphanage.hasWtxid(hash) || this.#mempool.getByWtxid(hash) !== undefined;
    return this.#mempool.has(hash);
  }

  /** Takes a transaction from a peer, asked for or not. */
  received(peer: Peer, tx: Transaction): void {
    const { txid, wtxid } = tx;
    this.#requests.receivedResponse(peer, wtxid);
    this.#requests.receivedResponse(peer, txid);
    this.#noteOrphan(peer, wtxid);
    // What has paid too little is not tried alone again, but with a child that may have come since.
    if (this.#reconsiderable.has(binaryKey(wtxid))) this.#tryPackage(peer, tx);
    else if (!this.#isKnown({ type: InvType.WTX, hash: wtxid })) this.#judge(peer, tx);
    this.#batch.schedule();
  }

  #judge(peer: Peer, tx: Transaction): void {
    const reject = this.#offer(tx);
    if (!reject) {
      this.#taken(peer, tx);
    } else if (reject.kind === 'missing-inputs') {
      this.#keep(peer, tx);
    } else {
      this.#refuse(tx, reject, peer);
      if (reject.kind !== 'witness-stripped') this.#extra.add(tx);
      if (reject.kind === 'reconsiderable') this.#tryPackage(peer, tx);
    }
  }

  #offer(tx: Transaction): Reject<TxRejectKind> | undefined {
    const result = this.#mempool.accept(tx);
    return 'reject' in result ? result.reject : undefined;
  }

  /** The mempool has a transaction from a peer now. */
  #taken(peer: Peer, tx: Transaction): void {
    this.#lastTimes.set(peer, unixSeconds(this.#clock));
    this.#settle(tx);
    this.#adopt([...this.#orphanage.childrenOf(tx)]);
  }

  /** The transaction need not be asked for again. */
  #settle(tx: Transaction): void {
    this.#requests.forget(tx.txid);
    this.#requests.forget(tx.wtxid);
    this.#orphanage.remove(tx);
  }

  /** `peer` is who sent it; undefined for an orphan, which several may have sent. */
  #refuse(tx: Transaction, reject: Reject<TxRejectKind>, peer: Peer | undefined): void {
    const { reason, debug } = reject;
    this.#logger.debug(
      { txid: tx.txidHex, wtxid: tx.wtxidHex, peer: peer?.id, reason, debug },
      'refused a transaction',
    );
    // Without its witness it has the id of another one, which may be good.
    if (reject.kind !== 'witness-stripped') {
      (reject.kind === 'reconsiderable' ? this.#reconsiderable : this.#recentRejects).add(binaryKey(tx.wtxid));
      this.#requests.forget(tx.wtxid);
      // What it spends does not depend on the witness: neither will another one do.
      if (reject.kind === 'inputs-not-standard') {
        this.#recentRejects.add(binaryKey(tx.txid));
        this.#requests.forget(tx.txid);
      }
    }
    this.#orphanage.remove(tx);
  }

  /** Offers a parent that pays too little together with an orphan that may pay for both (Core: Find1P1CPackage). */
  #tryPackage(peer: Peer, parent: Transaction): void {
    for (const { tx: child } of this.#candidates(peer, parent)) {
      const together = [parent, child];
      const key = binaryKey(packageHash(together));
      if (this.#reconsiderable.has(key) || this.#recentRejects.has(binaryKey(child.txid))) continue;
      const { reject, results } = this.#mempool.acceptPackage(together);
      if (reject) this.#reconsiderable.add(key);
      this.#logger.debug({ parent: parent.txidHex, child: child.txidHex, reject }, 'judged a package');
      // The child first, so that it is no orphan any more when its parent is taken.
      for (const at of [1, 0]) {
        const result = results[at];
        if (!result || 'present' in result) continue;
        if ('entry' in result) this.#taken(peer, together[at]!);
        else if (result.reject.kind !== 'missing-inputs') this.#refuse(together[at]!, result.reject, undefined);
      }
      return;
    }
  }

  /** Orphans that spend outputs of `parent`: first those of the same peer, whom others' bad children must not hurt, each newest first. */
  #candidates(peer: Peer, parent: Transaction): Orphan[] {
    const rank = ({ peers, expiresAt }: Orphan) => (peers.has(peer) ? Number.MAX_SAFE_INTEGER / 2 : 0) + expiresAt;
    return [...this.#orphanage.childrenOf(parent)].sort((a, b) => rank(b) - rank(a));
  }

  /** Keeps an orphan and asks its sender for the parents; without hope if one of these has been refused. */
  #keep(peer: Peer, tx: Transaction): void {
    this.#requests.forget(tx.txid);
    this.#requests.forget(tx.wtxid);
    if (this.#isHopeless(tx)) {
      this.#logger.debug({ txid: tx.txidHex, peer: peer.id }, 'refused an orphan, as its parent was');
      this.#recentRejects.add(binaryKey(tx.txid));
      this.#recentRejects.add(binaryKey(tx.wtxid));
      return;
    }
    if (!this.#orphanage.add(tx, peer)) return;
    this.#extra.add(tx);
    this.#wantParents(peer, tx);
  }

  /** Whether a parent has been refused; but of those that paid too little, one may be lifted by its child. */
  #isHopeless({ inputs }: Transaction): boolean {
    const parents = new Map(inputs.map(({ prevout: { txid } }) => [binaryKey(txid), txid]));
    let tooCheap = 0;
    for (const [key, txid] of parents) {
      if (this.#recentRejects.has(key)) return true;
      if (this.#reconsiderable.has(key) && !this.#mempool.has(txid)) tooCheap++;
    }
    return tooCheap > 1;
  }

  /** Tries orphans again whose parents have come, and then theirs. */
  #adopt(orphans: Orphan[]): void {
    for (const { tx } of orphans) {
      if (!this.#orphanage.hasWtxid(tx.wtxid)) continue;
      const reject = this.#offer(tx);
      if (reject?.kind === 'missing-inputs') continue;
      if (reject) {
        this.#refuse(tx, reject, undefined);
      } else {
        this.#settle(tx);
        orphans.push(...this.#orphanage.childrenOf(tx));
      }
    }
  }

  /** A block has become part of the active chain. Need not be called for blocks of long ago. */
  blockConnected(block: Block): void {
    for (const tx of block.transactions) {
      for (const child of this.#orphanage.childrenOf(tx)) this.#adoptable.add(child);
      this.#recentConfirmed.add(binaryKey(tx.txid));
      this.#recentConfirmed.add(binaryKey(tx.wtxid));
      this.#requests.forget(tx.txid);
      this.#requests.forget(tx.wtxid);
      this.#orphanage.removeConflicts(tx);
    }
  }

  /** What was confirmed no longer is, and may be announced again. */
  blockDisconnected(): void {
    this.#recentConfirmed.clear();
  }

  /** What was refused on the old tip may be good on the new one. */
  tipChanged(): void {
    this.#recentRejects.clear();
    this.#reconsiderable.clear();
    const orphans = [...this.#adoptable];
    this.#adoptable.clear();
    this.#adopt(orphans);
    this.#batch.schedule();
  }
}
