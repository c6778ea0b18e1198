import { binaryKey, fromBinaryKey } from '../bytes/compare.ts';
import type { Chain } from '../chain/chain.ts';
import type { Coin, CoinView } from '../consensus/coins.ts';
import { type Reject, reject, type TxRejectKind } from '../consensus/reject.ts';
import { type Clock, unixSeconds } from '../platform/clock.ts';
import { Emitter } from '../platform/emitter.ts';
import type { Logger } from '../platform/logger.ts';
import type { Block } from '../primitives/block.ts';
import type { OutPoint } from '../primitives/outpoint.ts';
import type { Transaction } from '../primitives/transaction.ts';
import { runAllChecks } from './accept/pipeline.ts';
import { type AcceptContext, Workspace } from './accept/workspace.ts';
import { findCoin } from './coin-view.ts';
import type { MempoolEntry, MutableEntry, RemovalReason } from './entry.ts';
import { EvictionQueue } from './eviction-queue.ts';
import { ancestorsOf, descendantsOf, MempoolGraph, withDescendants } from './graph.ts';
import { DEFAULT_MEMPOOL_OPTIONS, type MempoolOptions } from './options.ts';
import { checkPackage } from './package/check-package.ts';
import { type PackageResult, packageResult } from './package/result.ts';
import { submitPackage } from './package/submit.ts';
import { checkWellFormedPackage } from './package/well-formed.ts';
import { feeRate } from './policy/fee-rate.ts';
import { DisconnectedBlockTransactions, entriesInvalidAfterReorg } from './reorg.ts';
import { RollingMinimumFee } from './rolling-minimum-fee.ts';

export interface MempoolModules {
  readonly chain: Chain;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface AcceptOptions {
  /** Judge only: the mempool does not change. */
  readonly testOnly?: boolean;
  /** Satoshis per 1,000 virtual bytes; one that pays more is refused as `max-fee-exceeded`, to guard against slips. */
  readonly maxFeeRate?: bigint;
  /** Seconds since the Unix epoch that the entry came at; default now. */
  readonly time?: number;
}

export interface PackageOptions {
  /** Satoshis per 1,000 virtual bytes, prioritisation included; a transaction that pays more ends it. */
  readonly maxFeeRate?: bigint;
}

export type AcceptResult =
  | { readonly entry: MempoolEntry; readonly replaced: readonly MempoolEntry[] }
  | { readonly reject: Reject<TxRejectKind> };

export type MempoolEvents = {
  added: { readonly entry: MempoolEntry };
  removed: { readonly entry: MempoolEntry; readonly reason: RemovalReason };
};

type MempoolChange = { readonly entry: MutableEntry; readonly reason?: RemovalReason };

/**
 * The transactions that wait for a block: all valid in the next one, without conflicts among them, within policy and a
 * bound of memory. It follows the chain by itself. Its events come when a change is complete, in the order of the
 * changes.
 */
export class Mempool implements CoinView {
  readonly options: MempoolOptions;
  readonly events = new Emitter<MempoolEvents>();

  readonly #chain: Chain;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #graph = new MempoolGraph();
  readonly #queue = new EvictionQueue();
  readonly #rollingFee: RollingMinimumFee;
  readonly #disconnected = new DisconnectedBlockTransactions();
  /** Satoshis, by `binaryKey` of the txid. */
  readonly #feeDeltas = new Map<string, bigint>();
  readonly #unsubscribe: readonly (() => void)[];
  /** No entry is older, in seconds since the Unix epoch. */
  #oldestTime = Number.POSITIVE_INFINITY;
  #updateCount = 0;
  /** What has happened and has not been told yet. */
  #changes: MempoolChange[] = [];
  #isEmitting = false;

  constructor(options: Partial<MempoolOptions>, modules: MempoolModules) {
    this.options = { ...DEFAULT_MEMPOOL_OPTIONS, ...options };
    this.#chain = modules.chain;
    this.#clock = modules.clock;
    this.#logger = modules.logger;
    const { incrementalRelayFeeRate, maxBytes } = this.options;
    this.#rollingFee = new RollingMinimumFee(incrementalRelayFeeRate, maxBytes, unixSeconds(modules.clock));
    const { events } = modules.chain;
    this.#unsubscribe = [
      events.on('blockConnected', ({ block }) => this.#blockConnected(block)),
      events.on('blockDisconnected', ({ block }) => this.#blockDisconnected(block)),
      events.on('tip', () => this.#tipChanged()),
    ];
  }

  /** Judges a transaction by policy and by the rules of the next block, and adds it, in place of what it replaces. */
  accept(tx: Transaction, options: AcceptOptions = {}): AcceptResult {
    const result = this.#accept(tx, options, false);
    this.#emitChanges();
    return result;
  }

  /**
   * Judges a child and its unconfirmed parents, in this order: each for itself, and what alone pays too little together
   * (Core: ProcessNewPackage). Some may be taken although others are refused.
   */
  acceptPackage(txs: readonly Transaction[], options: PackageOptions = {}): PackageResult {
    const before = this.#changes.length;
    const context = this.#context({ packageMaxFeeRate: options.maxFeeRate, allowsCarveOut: false });
    const result = submitPackage(txs, {
      graph: this.#graph,
      chainCoins: this.#chain,
      acceptSingle: (tx) => this.#acceptSingle(this.#workspace(tx, context)),
      acceptMultiple: (together) => this.#acceptMultiple(together, context),
      limitSize: () => this.#limitSize(),
    });
    this.#dropTransientChanges(before);
    this.#emitChanges();
    return result;
  }

  /**
   * Judges transactions that may spend each other's outputs, parents before their children, without a change. Each must
   * pay for itself, and none may replace anything (Core: testmempoolaccept).
   */
  testPackage(txs: readonly Transaction[]): PackageResult {
    const fault = checkWellFormedPackage(txs);
    if (fault) return { reject: fault, results: txs.map(() => undefined) };
    const workspaces = this.#workspaces(txs, this.#context({ allowsCarveOut: false }), true);
    return packageResult(workspaces, checkPackage(workspaces));
  }

  has(txid: Uint8Array): boolean {
    return this.#graph.get(txid) !== undefined;
  }

  get(txid: Uint8Array): MempoolEntry | undefined {
    return this.#graph.get(txid);
  }

  getByWtxid(wtxid: Uint8Array): MempoolEntry | undefined {
    return this.#graph.getByWtxid(wtxid);
  }

  /** In the order of arrival. */
  entries(): IterableIterator<MempoolEntry> {
    return this.#graph.entries();
  }

  get size(): number {
    return this.#graph.size;
  }

  /** Sum of the entries' virtual sizes. */
  get bytes(): number {
    return this.#graph.bytes;
  }

  /** Bytes of memory, roughly. */
  get usage(): number {
    return this.#graph.usage;
  }

  /** Sum of the entries' fees, in satoshis. */
  get totalFee(): bigint {
    return this.#graph.totalFee;
  }

  /** Grows with every change of what a block template could hold (Core: GetTransactionsUpdated). */
  get updateCount(): number {
    return this.#updateCount;
  }

  /** A coin that neither the chain nor the mempool spends; those that the mempool makes have MEMPOOL_HEIGHT. */
  getCoin(outpoint: OutPoint): Coin | undefined {
    return this.#graph.spender(outpoint) ? undefined : findCoin(this.#graph, this.#chain, outpoint);
  }

  spender(outpoint: OutPoint): MempoolEntry | undefined {
    return this.#graph.spender(outpoint);
  }

  /** Without the entry itself. */
  ancestors(entry: MempoolEntry): Set<MempoolEntry> {
    return ancestorsOf(entry);
  }

  /** Without the entry itself. */
  descendants(entry: MempoolEntry): Set<MempoolEntry> {
    return descendantsOf(entry);
  }

  /** Satoshis per 1,000 virtual bytes that a transaction must pay now. */
  minFeeRate(): bigint {
    const rolling = this.#rollingFee.current(unixSeconds(this.#clock), this.usage);
    if (rolling > this.options.minRelayFeeRate) return rolling;
    return this.options.minRelayFeeRate;
  }

  /** Removes a transaction and its descendants. */
  remove(txid: Uint8Array, reason: RemovalReason): void {
    const entry = this.#graph.get(txid);
    if (!entry) return;
    this.#removeWithDescendants([entry], reason);
    this.#emitChanges();
  }

  /**
   * Adds `delta` satoshis, which may be negative, to what a transaction, here or yet to come, counts as paying, until a
   * block holds it (Core: prioritisetransaction).
   */
  prioritise(txid: Uint8Array, delta: bigint): void {
    const key = binaryKey(txid);
    const total = (this.#feeDeltas.get(key) ?? 0n) + delta;
    if (total === 0n) this.#feeDeltas.delete(key);
    else this.#feeDeltas.set(key, total);
    this.#updateCount++;
    const entry = this.#graph.get(txid);
    if (!entry) return;
    this.#graph.changeFee(entry, delta);
    this.#queue.update(entry);
    for (const ancestor of ancestorsOf(entry)) this.#queue.update(ancestor);
  }

  /** What `prioritise` has added, of all transactions for which that is not nothing. */
  *feeDeltas(): IterableIterator<{ readonly txid: Uint8Array; readonly delta: bigint }> {
    for (const [key, delta] of this.#feeDeltas) yield { txid: fromBinaryKey(key), delta };
  }

  /** Ends its following of the chain. */
  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  #accept(tx: Transaction, options: AcceptOptions, isReturning: boolean): AcceptResult {
    const before = this.#changes.length;
    const { maxFeeRate, time } = options;
    const workspace = this.#workspace(tx, this.#context({ maxFeeRate, time, isReturning, allowsCarveOut: true }));
    const result = options.testOnly ? checkSingle(workspace) : this.#acceptSingle(workspace);
    if ('reject' in result || options.testOnly || isReturning) return result;
    this.#limitSize();
    if (this.#isPresent(workspace.entry)) return result;
    this.#dropTransientChanges(before);
    return { reject: reject('reconsiderable', 'mempool full') };
  }

  #context(request: {
    readonly maxFeeRate?: bigint | undefined;
    readonly packageMaxFeeRate?: bigint | undefined;
    readonly time?: number | undefined;
    readonly isReturning?: boolean;
    readonly allowsCarveOut: boolean;
  }): AcceptContext {
    const now = unixSeconds(this.#clock);
    return {
      options: this.options,
      params: this.#chain.params,
      tip: this.#chain.tip,
      chainCoins: this.#chain,
      graph: this.#graph,
      scriptCache: this.#chain.scriptCache,
      signatures: this.#chain.signatureCache,
      time: request.time ?? now,
      mempoolMinFeeRate: this.#rollingFee.current(now, this.usage),
      maxFeeRate: request.maxFeeRate,
      packageMaxFeeRate: request.packageMaxFeeRate,
      bypassLimits: request.isReturning ?? false,
      allowsCarveOut: request.allowsCarveOut,
      package: undefined,
    };
  }

  #workspace(tx: Transaction, context: AcceptContext): Workspace {
    const feeDelta = this.#feeDeltas.size === 0 ? 0n : (this.#feeDeltas.get(binaryKey(tx.txid)) ?? 0n);
    return new Workspace(tx, context, feeDelta);
  }

  #workspaces(txs: readonly Transaction[], context: AcceptContext, isTest: boolean): Workspace[] {
    const shared = { ...context, package: { transactions: new Map<string, Transaction>(), isTest } };
    return txs.map((tx) => this.#workspace(tx, shared));
  }

  /** Judges one transaction and takes it; the mempool may be too large after that. */
  #acceptSingle(workspace: Workspace): AcceptResult {
    const result = checkSingle(workspace);
    if ('reject' in result) return result;
    for (const loser of workspace.replaced) this.#removeEntry(loser, 'replaced');
    this.#add(workspace.entry, workspace.ancestors);
    return result;
  }

  /** The same for several that come together, or not at all. */
  #acceptMultiple(txs: readonly Transaction[], context: AcceptContext): PackageResult {
    const workspaces = this.#workspaces(txs, context, false);
    const verdict = checkPackage(workspaces);
    if (!('reject' in verdict)) {
      for (const loser of verdict.replaced) this.#removeEntry(loser, 'replaced');
      for (const { entry } of workspaces) this.#add(entry, this.#graph.findAncestors(entry));
    }
    return packageResult(workspaces, verdict);
  }

  /** Of what came and went, nobody needs to hear. `before` is how many changes there were. */
  #dropTransientChanges(before: number): void {
    const changes = this.#changes.splice(before);
    const added = new Set(changes.filter(({ reason }) => !reason).map(({ entry }) => entry));
    this.#changes.push(...changes.filter(({ entry }) => !added.has(entry) || this.#isPresent(entry)));
  }

  #isPresent(entry: MutableEntry): boolean {
    return this.#graph.get(entry.tx.txid) === entry;
  }

  #add(entry: MutableEntry, ancestors: ReadonlySet<MutableEntry>): void {
    this.#updateCount++;
    this.#graph.add(entry, ancestors);
    this.#queue.add(entry);
    this.#oldestTime = Math.min(this.#oldestTime, entry.time);
    for (const ancestor of ancestors) this.#queue.update(ancestor);
    this.#changes.push({ entry });
  }

  #removeEntry(entry: MutableEntry, reason: RemovalReason): void {
    this.#updateCount++;
    const ancestors = this.#graph.remove(entry);
    this.#queue.remove(entry);
    for (const ancestor of ancestors) this.#queue.update(ancestor);
    this.#changes.push({ entry, reason });
  }

  #removeWithDescendants(entries: Iterable<MutableEntry>, reason: RemovalReason): void {
    for (const entry of withDescendants(entries)) this.#removeEntry(entry, reason);
  }

  /** Removes what spends a transaction that is nowhere any more, and the transaction itself if it is here. */
  #removeRecursive(tx: Transaction, reason: RemovalReason): void {
    const entry = this.#graph.get(tx.txid);
    if (entry) this.#removeWithDescendants([entry], reason);
    else this.#removeWithDescendants(this.#graph.spendersOf(tx), reason);
  }

  /** Removes what is too old, then, while there is too much, what pays the least. */
  #limitSize(): void {
    const oldest = unixSeconds(this.#clock) - this.options.expirySeconds;
    if (this.#oldestTime < oldest) this.#expire(oldest);
    while (this.usage > this.options.maxBytes) {
      const entry = this.#queue.first!;
      this.#rollingFee.trackPackageRemoved(feeRate(entry.descendantFees, entry.descendantSize));
      this.#removeWithDescendants([entry], 'sizelimit');
    }
  }

  /** Times need not be in the order of arrival: a clock can be set, and a dump read back. */
  #expire(oldest: number): void {
    this.#removeWithDescendants(
      [...this.#graph.entries()].filter(({ time }) => time < oldest),
      'expiry',
    );
    this.#oldestTime = Number.POSITIVE_INFINITY;
    for (const { time } of this.#graph.entries()) this.#oldestTime = Math.min(this.#oldestTime, time);
  }

  #blockConnected(block: Block): void {
    this.#disconnected.remove(block);
    for (const tx of block.transactions) {
      if (this.#graph.size === 0) break;
      const entry = this.#graph.get(tx.txid);
      if (entry) this.#removeEntry(entry, 'block');
      for (const { prevout } of tx.inputs) {
        const conflict = this.#graph.spender(prevout);
        if (conflict) this.#removeWithDescendants([conflict], 'conflict');
      }
    }
    if (this.#feeDeltas.size > 0) for (const tx of block.transactions) this.#feeDeltas.delete(binaryKey(tx.txid));
    this.#rollingFee.blockConnected(unixSeconds(this.#clock));
    this.#emitChanges();
  }

  #blockDisconnected(block: Block): void {
    for (const tx of this.#disconnected.add(block)) this.#removeRecursive(tx, 'reorg');
    this.#emitChanges();
  }

  /** After a reorganisation: takes back what has lost its block, and removes what the new tip does not allow. */
  #tipChanged(): void {
    if (this.#disconnected.isEmpty) return;
    const returned: MutableEntry[] = [];
    for (const tx of this.#disconnected.take()) {
      const isBack = !tx.isCoinbase && (this.has(tx.txid) || 'entry' in this.#accept(tx, {}, true));
      if (isBack) returned.push(this.#graph.get(tx.txid)!);
      else this.#removeRecursive(tx, 'reorg');
    }
    this.#linkReadded(returned);
    this.#removeWithDescendants(
      entriesInvalidAfterReorg(this.#graph, this.#chain, this.#chain.tip, this.#chain.params),
      'reorg',
    );
    this.#limitSize();
    this.#logger.debug({ returned: returned.length, size: this.size }, 'followed a reorganisation');
    this.#emitChanges();
  }

  /** Families may have grown together beyond their limits: their youngest members have to go. */
  #linkReadded(returned: readonly MutableEntry[]): void {
    // Of blocks from two branches, one may have replaced another.
    const changed = this.#graph.linkChildren(returned.filter((entry) => this.#isPresent(entry)));
    for (const entry of changed) this.#queue.update(entry);
    const { ancestorCount, ancestorSize } = this.options.limits;
    const tooDeep = [...changed].filter((e) => e.ancestorCount > ancestorCount || e.ancestorSize > ancestorSize);
    this.#removeWithDescendants(tooDeep, 'sizelimit');
  }

  #emitChanges(): void {
    if (this.#isEmitting) return;
    this.#isEmitting = true;
    // A listener may change the mempool in turn, and so lengthen the list.
    for (const { entry, reason } of this.#changes) {
      try {
        if (reason) this.events.emit('removed', { entry, reason });
        else this.events.emit('added', { entry });
      } catch (error) {
        this.#logger.error({ err: error, txid: entry.tx.txidHex }, 'a listener of the mempool failed');
      }
    }
    this.#changes = [];
    this.#isEmitting = false;
  }
}

function checkSingle(workspace: Workspace): AcceptResult {
  const refusal = runAllChecks(workspace);
  return refusal ? { reject: refusal } : { entry: workspace.entry, replaced: workspace.replaced };
}
