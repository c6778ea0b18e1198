import { binaryKey } from '../../bytes/compare.ts';
import { ChainError } from '../../chain/records/errors.ts';
import type { Reject, TxRejectKind } from '../../consensus/reject.ts';
import type { AcceptResult, Mempool } from '../../mempool/mempool.ts';
import type { PackageResult } from '../../mempool/package/result.ts';
import { packageHash } from '../../mempool/package/well-formed.ts';
import { BatchTimer } from '../../platform/batch-timer.ts';
import { type Clock, unixSeconds } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Random } from '../../platform/random.ts';
import { RollingSet } from '../../platform/rolling-set.ts';
import type { Block } from '../../primitives/block.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import type { ExtraTransactions } from '../blocks/compact/extra-transactions.ts';
import { isLoopback } from '../net/endpoint.ts';
import type { Peer } from '../peer/peer.ts';
import { type InvEntry, InvType } from '../wire/messages/inventory.ts';
import { type Orphan, Orphanage } from './orphanage.ts';
import { ScriptCosts } from './script-costs.ts';
import { requestByTxid, TxRequestTracker } from './tx-request-tracker.ts';

/** Milliseconds by which requests to inbound peers are delayed (Core: NONPREF_PEER_TX_DELAY). */
const INBOUND_DELAY_MS = 2_000;
/** Milliseconds by which requests by txid are delayed while a peer announces by wtxid (Core: TXID_RELAY_DELAY). */
const TXID_DELAY_MS = 2_000;
/** Entries of one `getdata` (Core: MAX_GETDATA_SZ). */
const MAX_GETDATA = 1_000;
/** Rejected transactions remembered until the next tip (Core: m_lazy_recent_rejects). */
const RECENT_REJECTS = 120_000;
/** Transactions of recent blocks remembered (Core: m_lazy_recent_confirmed_transactions). */
const RECENT_CONFIRMED = 48_000;

/** Modules that a `TxDownload` uses. */
export interface TxDownloadModules {
  readonly mempool: Mempool;
  readonly extra: ExtraTransactions;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Requests announced transactions, passes them to the mempool, and keeps orphans (Core: TxDownloadManager). */
export class TxDownload {
  readonly #mempool: Mempool;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #extra: ExtraTransactions;
  readonly #requests: TxRequestTracker;
  readonly #orphanage: Orphanage;
  readonly #costs: ScriptCosts;
  /** Txids and wtxids of rejected transactions. */
  readonly #recentRejects = new RollingSet(RECENT_REJECTS);
  /**
   * Wtxids of transactions rejected for a low fee, and hashes of rejected packages (Core:
   * m_lazy_recent_rejects_reconsiderable).
   */
  readonly #reconsiderable = new RollingSet(RECENT_REJECTS);
  readonly #recentConfirmed = new RollingSet(RECENT_CONFIRMED);
  /** Orphans with a parent confirmed since the last tip change, to be accepted at the next one. */
  readonly #parentConfirmed = new Set<Orphan>();
  /** Peers that announce by wtxid (BIP339). */
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
    this.#costs = new ScriptCosts(modules.clock);
    this.#batch = new BatchTimer(modules.clock, () => this.#sendRequests());
  }

  /** Returns the Unix seconds of the last transaction from a peer that the mempool accepted; 0 for none. */
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
    this.#orphanage.clear();
  }

  /** Handles a peer's announcements. As in Core, ignores txids from a wtxid-relay peer, and vice versa. */
  announced(peer: Peer, entries: readonly InvEntry[]): void {
    const type = peer.handshake.wtxidRelay ? InvType.WTX : InvType.TX;
    for (const entry of entries) {
      if (entry.type !== type) continue;
      if (type === InvType.WTX) this.#addOrphanSource(peer, entry.hash);
      if (this.#isKnown(entry) || this.#reconsiderable.has(binaryKey(entry.hash))) continue;
      // A request by txid is for the transaction with its witness.
      this.#scheduleRequest(peer, type === InvType.WTX ? entry : requestByTxid(entry.hash));
    }
    this.#batch.schedule();
  }

  /** Schedules a request, delayed for inbound peers and by txid as in Core. Loopback peers are not delayed. */
  #scheduleRequest(peer: Peer, entry: InvEntry): void {
    let delay = 0;
    if (!isLoopback(peer.remote.host)) {
      if (peer.inbound) delay += INBOUND_DELAY_MS;
      if (entry.type !== InvType.WTX && this.#wtxidPeers.size > 0) delay += TXID_DELAY_MS;
    }
    this.#requests.announced(peer, entry, this.#clock.monotonic(), delay);
  }

  /** Records that another peer has an orphan, and so probably its parents. */
  #addOrphanSource(peer: Peer, wtxid: Uint8Array): void {
    const orphan = this.#orphanage.get(wtxid);
    if (!orphan || orphan.peers.has(peer)) return;
    orphan.peers.add(peer);
    this.#requestParents(peer, orphan.packed.decode());
  }

  #requestParents(peer: Peer, { inputs }: Transaction): void {
    for (const { prevout } of inputs) {
      const request = requestByTxid(prevout.txid);
      if (!this.#isKnown(request)) this.#scheduleRequest(peer, request);
    }
  }

  /** Handles `notfound`: requests the transactions from other peers. */
  notFound(peer: Peer, entries: readonly InvEntry[]): void {
    for (const { hash } of entries) this.#requests.receivedResponse(peer, hash);
    this.#batch.schedule();
  }

  #sendRequests(): void {
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

  /** Handles `tx`, requested or not. Returns a promise while costly scripts are verified. */
  received(peer: Peer, tx: Transaction): void | Promise<void> {
    const { wtxid } = tx;
    this.#addOrphanSource(peer, wtxid);
    const pending = this.#take(peer, tx);
    if (!pending) return this.#answered(peer, tx);
    return pending.catch((error: unknown) => this.#dropped(tx, error)).then(() => this.#answered(peer, tx));
  }

  #take(peer: Peer, tx: Transaction): void | Promise<void> {
    // A low-fee transaction is not tried alone again, but with a child that may have arrived since.
    if (this.#reconsiderable.has(binaryKey(tx.wtxid))) return this.#tryPackage(peer, tx);
    return this.#isKnown({ type: InvType.WTX, hash: tx.wtxid }) ? undefined : this.#process(peer, tx);
  }

  /** Ends the request of a transaction from a peer; until then no other peer is asked for it. */
  #answered(peer: Peer, { txid, wtxid }: Transaction): void {
    this.#requests.receivedResponse(peer, wtxid);
    this.#requests.receivedResponse(peer, txid);
    this.#batch.schedule();
  }

  /** Handles a transaction that could not be verified. */
  #dropped(tx: Transaction, error: unknown): void {
    if (!(error instanceof ChainError)) throw error;
    this.#logger.debug({ txid: tx.txidHex, err: error }, 'dropped transaction');
  }

  #process(peer: Peer, tx: Transaction): void | Promise<void> {
    const bill = this.#costs.bill(peer);
    const result = this.#mempool.acceptAsync(tx, { payer: bill });
    const processed = (known: AcceptResult) => {
      if ('reject' in known) bill.settle(known.reject);
      return this.#processed(peer, tx, known);
    };
    return result instanceof Promise ? result.then(processed) : processed(result);
  }

  #processed(peer: Peer, tx: Transaction, result: AcceptResult): void | Promise<void> {
    if (!('reject' in result)) return this.#accepted(peer, tx);
    const { reject } = result;
    // Accepted from another peer while its scripts were verified.
    if (this.#mempool.getByWtxid(tx.wtxid)) return this.#forget(tx);
    if (reject.kind === 'missing-inputs') return this.#addOrphan(peer, tx);
    this.#rejected(tx, reject, peer);
    if (reject.kind !== 'witness-stripped') this.#extra.add(tx);
    return reject.kind === 'reconsiderable' ? this.#tryPackage(peer, tx) : undefined;
  }

  /** Handles a peer's transaction that the mempool accepted (Core: MempoolAcceptedTx). */
  #accepted(peer: Peer, tx: Transaction): void {
    this.#lastTimes.set(peer, unixSeconds(this.#clock));
    this.#forget(tx);
    this.#acceptOrphans([...this.#orphanage.childrenOf(tx)]);
  }

  /** Stops requesting an accepted transaction. */
  #forget(tx: Transaction): void {
    this.#requests.forget(tx.txid);
    this.#requests.forget(tx.wtxid);
    this.#orphanage.remove(tx.wtxid);
  }

  /**
   * Handles a transaction that the mempool rejected (Core: MempoolRejectedTx). `peer`: its
   * sender; undefined for an orphan.
   */
  #rejected(tx: Transaction, reject: Reject<TxRejectKind>, peer: Peer | undefined): void {
    const { reason, debug } = reject;
    this.#logger.debug({ txid: tx.txidHex, wtxid: tx.wtxidHex, peer: peer?.id, reason, debug }, 'rejected transaction');
    // A stripped transaction's wtxid is the txid of the one with witness, which may be valid.
    if (reject.kind !== 'witness-stripped') {
      (reject.kind === 'reconsiderable' ? this.#reconsiderable : this.#recentRejects).add(binaryKey(tx.wtxid));
      this.#requests.forget(tx.wtxid);
      // Non-standard inputs do not depend on the witness, so any transaction with this txid is rejected.
      if (reject.kind === 'inputs-not-standard') {
        this.#recentRejects.add(binaryKey(tx.txid));
        this.#requests.forget(tx.txid);
      }
    }
    this.#orphanage.remove(tx.wtxid);
  }

  /** Submits a low-fee parent with an orphan child that may pay for both (Core: Find1P1CPackage). */
  #tryPackage(peer: Peer, parent: Transaction): void | Promise<void> {
    for (const { packed } of this.#childCandidates(peer, parent)) {
      const child = packed.decode();
      const transactions = [parent, child];
      const key = binaryKey(packageHash(transactions));
      if (this.#reconsiderable.has(key) || this.#recentRejects.has(binaryKey(child.txid))) continue;
      const bill = this.#costs.bill(peer);
      const result = this.#mempool.acceptPackageAsync(transactions, { payer: bill });
      const processed = (known: PackageResult) => {
        if (known.reject) this.#reconsiderable.add(key);
        const rejected = known.results.find((each) => each && 'reject' in each);
        if (rejected && 'reject' in rejected) bill.settle(rejected.reject);
        this.#packageProcessed(peer, transactions, known);
      };
      return result instanceof Promise ? result.then(processed) : processed(result);
    }
  }

  #packageProcessed(peer: Peer, transactions: readonly Transaction[], { reject, results }: PackageResult): void {
    const [parent, child] = transactions;
    this.#logger.debug({ parent: parent!.txidHex, child: child!.txidHex, reject }, 'processed package');
    // The child first: otherwise it would be accepted a second time as an orphan of the accepted parent.
    for (const at of [1, 0]) {
      const result = results[at];
      if (!result || 'present' in result) continue;
      if ('entry' in result) this.#accepted(peer, transactions[at]!);
      else if (result.reject.kind !== 'missing-inputs') this.#rejected(transactions[at]!, result.reject, undefined);
    }
  }

  /**
   * Returns the orphans that spend outputs of `parent`: those of the same peer first, so that others
   * cannot interfere; newest first.
   */
  #childCandidates(peer: Peer, parent: Transaction): Orphan[] {
    const rank = ({ peers, expiresAt }: Orphan) => (peers.has(peer) ? Number.MAX_SAFE_INTEGER / 2 : 0) + expiresAt;
    return [...this.#orphanage.childrenOf(parent)].sort((a, b) => rank(b) - rank(a));
  }

  /** Keeps an orphan and requests its parents from the sender, unless a parent was rejected. */
  #addOrphan(peer: Peer, tx: Transaction): void {
    this.#requests.forget(tx.txid);
    this.#requests.forget(tx.wtxid);
    if (this.#hasRejectedParent(tx)) {
      this.#logger.debug({ txid: tx.txidHex, peer: peer.id }, 'rejected orphan with rejected parent');
      this.#recentRejects.add(binaryKey(tx.txid));
      this.#recentRejects.add(binaryKey(tx.wtxid));
      return;
    }
    // The peer may have left while scripts were verified.
    if (peer.isClosed || !this.#orphanage.add(tx, peer)) return;
    this.#extra.add(tx);
    this.#requestParents(peer, tx);
  }

  /**
   * Returns whether a parent was rejected. One low-fee parent is permitted, since the child
   * may pay for it in a package.
   */
  #hasRejectedParent({ inputs }: Transaction): boolean {
    const parents = new Map(inputs.map(({ prevout: { txid } }) => [binaryKey(txid), txid]));
    let lowFeeParents = 0;
    for (const [key, txid] of parents) {
      if (this.#recentRejects.has(key)) return true;
      if (this.#reconsiderable.has(key) && !this.#mempool.has(txid)) lowFeeParents++;
    }
    return lowFeeParents > 1;
  }

  /**
   * Submits orphans again whose parents were accepted or confirmed; for each accepted one, its own children as well.
   */
  #acceptOrphans(orphans: Orphan[]): void {
    for (const { packed } of orphans) {
      // It may have been removed since, or removed and added again.
      const orphan = this.#orphanage.get(packed.wtxid);
      if (!orphan) continue;
      const tx = orphan.packed.decode();
      const [sender] = orphan.peers;
      const bill = this.#costs.bill(sender);
      const result = this.#mempool.acceptAsync(tx, { payer: bill });
      const processed = (known: AcceptResult) => {
        if ('reject' in known) bill.settle(known.reject);
        return this.#orphanProcessed(tx, known);
      };
      if (!(result instanceof Promise)) orphans.push(...processed(result));
      // Costly: the others do not wait for it.
      else void result.then((known) => this.#acceptOrphans(processed(known))).catch((e) => this.#orphanFailed(tx, e));
    }
  }

  /** Handles the result of an orphan; returns its own children that can be submitted now. */
  #orphanProcessed(tx: Transaction, result: AcceptResult): Orphan[] {
    const isAccepted = !('reject' in result);
    // Evicted, or accepted otherwise, while its scripts were verified.
    if (!isAccepted && !this.#orphanage.hasWtxid(tx.wtxid)) return [];
    if (isAccepted) {
      this.#forget(tx);
      return [...this.#orphanage.childrenOf(tx)];
    }
    if (result.reject.kind !== 'missing-inputs') this.#rejected(tx, result.reject, undefined);
    return [];
  }

  #orphanFailed(tx: Transaction, error: unknown): void {
    if (error instanceof ChainError) this.#dropped(tx, error);
    else this.#logger.error({ txid: tx.txidHex, err: error }, 'processing an orphan failed');
  }

  /** Handles a connected block. Need not be called while the node catches up. */
  blockConnected(block: Block): void {
    for (const tx of block.transactions) {
      for (const child of this.#orphanage.childrenOf(tx)) this.#parentConfirmed.add(child);
      this.#recentConfirmed.add(binaryKey(tx.txid));
      this.#recentConfirmed.add(binaryKey(tx.wtxid));
      this.#requests.forget(tx.txid);
      this.#requests.forget(tx.wtxid);
      this.#orphanage.removeConflicts(tx);
    }
  }

  /** Handles a disconnected block, whose transactions may be announced again. */
  blockDisconnected(): void {
    this.#recentConfirmed.clear();
  }

  /** Handles a new tip, on which rejected transactions may be valid. */
  tipChanged(): void {
    this.#recentRejects.clear();
    this.#reconsiderable.clear();
    const orphans = [...this.#parentConfirmed];
    this.#parentConfirmed.clear();
    this.#acceptOrphans(orphans);
    this.#batch.schedule();
  }
}
