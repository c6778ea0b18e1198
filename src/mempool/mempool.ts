import { binaryKey, fromBinaryKey } from '../bytes/compare.ts';
import type { Chain } from '../chain/chain.ts';
import type { ScriptCheck } from '../chain/scripts/script-check.ts';
import type { ScriptPayer } from '../chain/scripts/script-queue.ts';
import type { Coin, CoinView } from '../consensus/coins.ts';
import { type Reject, reject, type TxRejectKind } from '../consensus/reject.ts';
import { type Clock, unixSeconds } from '../platform/clock.ts';
import { Emitter } from '../platform/emitter.ts';
import type { Logger } from '../platform/logger.ts';
import { atOnce } from '../platform/slices.ts';
import type { Block } from '../primitives/block.ts';
import type { OutPoint } from '../primitives/outpoint.ts';
import type { Transaction } from '../primitives/transaction.ts';
import { STANDARD_SCRIPT_VERIFY_FLAGS } from '../script/flags.ts';
import { runAllChecks } from './accept/pipeline.ts';
import { type AcceptContext, Workspace } from './accept/workspace.ts';
import { MempoolChanges, type MempoolEvents } from './changes.ts';
import { findCoin } from './coin-view.ts';
import { type MempoolEntry, MutableEntry, type RemovalReason } from './entry.ts';
import { EvictionQueue } from './eviction-queue.ts';
import { ancestorsOf, descendantsOf, MempoolGraph, withDescendants } from './graph.ts';
import { DEFAULT_MEMPOOL_OPTIONS, type MempoolOptions } from './options.ts';
import { checkPackage } from './package/check-package.ts';
import { postponePackage } from './package/postpone.ts';
import { type PackageResult, packageResult } from './package/result.ts';
import { submitPackage } from './package/submit.ts';
import { checkWellFormedPackage } from './package/well-formed.ts';
import { parentsFirst } from './parents-first.ts';
import { feeRate } from './policy/fee-rate.ts';
import { DisconnectedBlockTransactions, entriesInvalidAfterReorg } from './reorg.ts';
import { RollingMinimumFee } from './rolling-minimum-fee.ts';
import type { MempoolSnapshot } from './snapshot.ts';

export type { MempoolEvents } from './changes.ts';

/** The services that a `Mempool` uses. */
export interface MempoolModules {
  readonly chain: Chain;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How `Mempool.accept` treats a transaction. */
export interface AcceptOptions {
  /** Checks only; the mempool does not change (Core: test_accept). */
  readonly testOnly?: boolean;
  /** Satoshis per 1,000 virtual bytes above which the reject reason is `max-fee-exceeded`, against absurd fees. */
  readonly maxFeeRate?: bigint;
  /** Entry time in seconds since the Unix epoch; default now. */
  readonly time?: number;
}

/** How the asynchronous methods of `Mempool` verify costly scripts. */
export interface AsyncOptions {
  /** On whose behalf; default: the user's, before all others. */
  readonly payer?: ScriptPayer;
}

/** How `Mempool.acceptPackage` treats a package. */
export interface PackageOptions {
  /** Satoshis per 1,000 virtual bytes, prioritisation included; the first transaction above it ends the submission. */
  readonly maxFeeRate?: bigint;
}

/** The accepted entry and the entries it replaced, or the reject (Core: MempoolAcceptResult). */
export type AcceptResult =
  | { readonly entry: MempoolEntry; readonly replaced: readonly MempoolEntry[] }
  | { readonly reject: Reject<TxRejectKind> };

/**
 * The mempool (Core: CTxMemPool and MemPoolAccept): transactions that are valid in the next block, follow policy and do
 * not conflict, within a memory limit. It subscribes to the chain and updates itself.
 */
export class Mempool implements CoinView {
  /** The policy in use. */
  readonly options: MempoolOptions;
  readonly events = new Emitter<MempoolEvents>();

  readonly #chain: Chain;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #graph = new MempoolGraph();
  readonly #queue = new EvictionQueue();
  readonly #rollingFee: RollingMinimumFee;
  readonly #changes: MempoolChanges;
  readonly #disconnected = new DisconnectedBlockTransactions();
  /** Satoshis by `binaryKey` of the txid (Core: mapDeltas). */
  readonly #feeDeltas = new Map<string, bigint>();
  readonly #unsubscribe: readonly (() => void)[];
  /** Lower bound of the entry times, in seconds since the Unix epoch. */
  #oldestTime = Number.POSITIVE_INFINITY;
  #updateCount = 0;
  /** While transactions of disconnected blocks are re-added. */
  #readding: { readonly steps: ReorgSteps; readonly done: Promise<void> } | undefined;

  constructor(options: Partial<MempoolOptions>, modules: MempoolModules) {
    this.options = { ...DEFAULT_MEMPOOL_OPTIONS, ...options };
    this.#chain = modules.chain;
    this.#clock = modules.clock;
    this.#logger = modules.logger;
    this.#changes = new MempoolChanges(this.events, modules.logger);
    const { incrementalRelayFeeRate, maxBytes } = this.options;
    this.#rollingFee = new RollingMinimumFee(incrementalRelayFeeRate, maxBytes, unixSeconds(modules.clock));
    const { events } = modules.chain;
    this.#unsubscribe = [
      events.on('blockConnected', ({ block }) => this.#blockConnected(block)),
      events.on('blockDisconnected', ({ block }) => this.#blockDisconnected(block)),
      modules.chain.beforeTip(() => this.#readdInSteps()),
    ];
  }

  /** Checks a transaction against consensus and policy and adds it, replacing conflicts (Core: AcceptToMemoryPool). */
  accept(tx: Transaction, options: AcceptOptions = {}): AcceptResult {
    this.#finishReadding();
    const result = this.#accept(tx, options, false);
    this.#changes.emit();
    return result;
  }

  /**
   * Does what `accept` does; costly scripts run before that, off the main thread if possible. Returns the result itself if
   * there are none. The promise is rejected with `ChainError` if too many transactions wait, or the chain is closed.
   */
  acceptAsync(tx: Transaction, options: AcceptOptions & AsyncOptions = {}): AcceptResult | Promise<AcceptResult> {
    if (this.#readding) return this.#readding.done.then(() => this.acceptAsync(tx, options));
    const postponed: ScriptCheck[] = [];
    const result = this.#accept(tx, options, false, postponed);
    this.#changes.emit();
    if (postponed.length === 0) return result;
    return this.#verify(postponed, options.payer).then(() => this.accept(tx, options));
  }

  /**
   * Submits a child after its unconfirmed parents (Core: ProcessNewPackage). Each is tried alone first, then those that
   * pay too little as a package. Some may be accepted although others are rejected.
   */
  acceptPackage(txs: readonly Transaction[], options: PackageOptions = {}): PackageResult {
    this.#finishReadding();
    const before = this.#changes.size;
    const context = this.#context({ packageMaxFeeRate: options.maxFeeRate, allowsCarveOut: false });
    const result = submitPackage(txs, {
      graph: this.#graph,
      chainCoins: this.#chain,
      acceptSingle: (tx) => this.#acceptSingle(this.#workspace(tx, context)),
      acceptMultiple: (together) => this.#acceptMultiple(together, context),
      limitSize: () => this.#limitSize(),
    });
    this.#changes.dropTransient(before, (entry) => this.#isPresent(entry));
    this.#changes.emit();
    return result;
  }

  /** Does what `acceptPackage` does; costly scripts run before that, as with `acceptAsync`. */
  acceptPackageAsync(
    txs: readonly Transaction[],
    options: PackageOptions & AsyncOptions = {},
  ): PackageResult | Promise<PackageResult> {
    if (this.#readding) return this.#readding.done.then(() => this.acceptPackageAsync(txs, options));
    const postponed: ScriptCheck[] = [];
    const context = this.#context({ packageMaxFeeRate: options.maxFeeRate, allowsCarveOut: false, postponed });
    const absent = txs.filter(({ txid }) => !this.has(txid));
    postponePackage(txs, {
      single: absent.map((tx) => this.#workspace(tx, context)),
      together: this.#workspaces(absent, context, false),
    });
    if (postponed.length === 0) return this.acceptPackage(txs, options);
    return this.#verify(postponed, options.payer).then(() => this.acceptPackage(txs, options));
  }

  /**
   * Checks transactions that may spend each other's outputs, parents before children; the mempool does not change
   * (Core: testmempoolaccept). Each must pay its own fee, and replacements are not allowed.
   */
  testPackage(txs: readonly Transaction[]): PackageResult {
    this.#finishReadding();
    return this.#testPackage(txs, undefined);
  }

  /** Does what `testPackage` does; costly scripts run before that, as with `acceptAsync`. */
  async testPackageAsync(txs: readonly Transaction[], options: AsyncOptions = {}): Promise<PackageResult> {
    for (;;) {
      if (this.#readding) await this.#readding.done;
      const postponed: ScriptCheck[] = [];
      const result = this.#testPackage(txs, postponed);
      if (postponed.length === 0) return result;
      await this.#verify(postponed, options.payer);
    }
  }

  /** Returns whether a transaction with this txid is in the mempool. */
  has(txid: Uint8Array): boolean {
    return this.#graph.get(txid) !== undefined;
  }

  /** Returns the entry with this txid. */
  get(txid: Uint8Array): MempoolEntry | undefined {
    return this.#graph.get(txid);
  }

  /** Returns the entry with this wtxid. */
  getByWtxid(wtxid: Uint8Array): MempoolEntry | undefined {
    return this.#graph.getByWtxid(wtxid);
  }

  /** Iterates over all entries, oldest first. */
  entries(): IterableIterator<MempoolEntry> {
    return this.#graph.entries();
  }

  /** Number of entries. */
  get size(): number {
    return this.#graph.size;
  }

  /** Total virtual bytes. */
  get bytes(): number {
    return this.#graph.bytes;
  }

  /** Approximate bytes of memory (Core: DynamicMemoryUsage). */
  get usage(): number {
    return this.#graph.usage;
  }

  /** Total fee in satoshis, without prioritisation. */
  get totalFee(): bigint {
    return this.#graph.totalFee;
  }

  /** Increases with every change that can affect a block template (Core: GetTransactionsUpdated). */
  get updateCount(): number {
    return this.#updateCount;
  }

  /** The sequence number that the next entry gets, from 1 on (Core: GetSequence). */
  get nextSequence(): number {
    return this.#graph.nextSequence;
  }

  /** Returns a coin that is spent neither in the chain nor in the mempool; mempool outputs have MEMPOOL_HEIGHT. */
  getCoin(outpoint: OutPoint): Coin | undefined {
    return this.#graph.spender(outpoint) ? undefined : findCoin(this.#graph, this.#chain, outpoint);
  }

  /** Returns the entry that spends `outpoint`. */
  spender(outpoint: OutPoint): MempoolEntry | undefined {
    return this.#graph.spender(outpoint);
  }

  /** Returns all in-mempool ancestors, without the entry itself. */
  ancestors(entry: MempoolEntry): Set<MempoolEntry> {
    return ancestorsOf(entry);
  }

  /** Returns all in-mempool descendants, without the entry itself. */
  descendants(entry: MempoolEntry): Set<MempoolEntry> {
    return descendantsOf(entry);
  }

  /** Returns the current minimum fee rate in satoshis per 1,000 virtual bytes (Core: mempoolminfee). */
  minFeeRate(): bigint {
    const rolling = this.#rollingFee.current(unixSeconds(this.#clock), this.usage);
    if (rolling > this.options.minRelayFeeRate) return rolling;
    return this.options.minRelayFeeRate;
  }

  /** Removes a transaction and its descendants. */
  remove(txid: Uint8Array, reason: RemovalReason): void {
    this.#finishReadding();
    const entry = this.#graph.get(txid);
    if (!entry) return;
    this.#removeWithDescendants([entry], reason);
    this.#changes.emit();
  }

  /**
   * Adds `delta` satoshis, which may be negative, to the modified fee of a transaction until a block confirms it; it
   * need not be in the mempool yet (Core: prioritisetransaction).
   */
  prioritise(txid: Uint8Array, delta: bigint): void {
    this.#finishReadding();
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

  /** Iterates over the non-zero totals of `prioritise`. */
  *feeDeltas(): IterableIterator<{ readonly txid: Uint8Array; readonly delta: bigint }> {
    for (const [key, delta] of this.#feeDeltas) yield { txid: fromBinaryKey(key), delta };
  }

  /** Returns the contents, which later changes do not affect. */
  snapshot(): MempoolSnapshot {
    const entries = [...parentsFirst(this.#graph.entries())].map(
      ({ tx, fee, time, height, sigOpCost, vsize, spendsCoinbase, modifiedFee }) => ({
        ...{ tx, fee, time, height, sigOpCost, vsize, spendsCoinbase, modifiedFee },
      }),
    );
    return { entries, feeDeltas: new Map(this.#feeDeltas), rollingFee: this.#rollingFee.state };
  }

  /** Adds to an empty mempool, without checks, what a mempool with the same tip and policy held. */
  restore({ entries, feeDeltas, rollingFee }: MempoolSnapshot): void {
    for (const [key, delta] of feeDeltas) this.#feeDeltas.set(key, delta);
    this.#rollingFee.state = rollingFee;
    for (const fields of entries) {
      const entry = new MutableEntry(fields, fields.modifiedFee - fields.fee);
      this.#add(entry, this.#graph.findAncestors(entry));
    }
    this.#changes.emit();
  }

  /** Unsubscribes from the chain. */
  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  #accept(tx: Transaction, options: AcceptOptions, bypassLimits: boolean, postponed?: ScriptCheck[]): AcceptResult {
    const before = this.#changes.size;
    const { maxFeeRate, time } = options;
    const context = this.#context({ maxFeeRate, time, bypassLimits, allowsCarveOut: true, postponed });
    const workspace = this.#workspace(tx, context);
    const result = options.testOnly ? checkSingle(workspace) : this.#acceptSingle(workspace);
    if ('reject' in result || options.testOnly || bypassLimits) return result;
    this.#limitSize();
    if (this.#isPresent(workspace.entry)) return result;
    this.#changes.dropTransient(before, (entry) => this.#isPresent(entry));
    return { reject: reject('reconsiderable', 'mempool full') };
  }

  #testPackage(txs: readonly Transaction[], postponed: ScriptCheck[] | undefined): PackageResult {
    const malformed = checkWellFormedPackage(txs);
    if (malformed) return { reject: malformed, results: txs.map(() => undefined) };
    const workspaces = this.#workspaces(txs, this.#context({ allowsCarveOut: false, postponed }), true);
    return packageResult(workspaces, checkPackage(workspaces));
  }

  /** Resolves when the script cache has the results of all `checks`. */
  async #verify(checks: readonly ScriptCheck[], payer: ScriptPayer = userPayer): Promise<void> {
    const { scriptQueue } = this.#chain;
    await Promise.all(checks.map((check) => scriptQueue.verify(check, STANDARD_SCRIPT_VERIFY_FLAGS, payer)));
  }

  #context(request: {
    readonly maxFeeRate?: bigint | undefined;
    readonly packageMaxFeeRate?: bigint | undefined;
    readonly time?: number | undefined;
    readonly bypassLimits?: boolean;
    readonly allowsCarveOut: boolean;
    readonly postponed?: ScriptCheck[] | undefined;
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
      postponed: request.postponed,
      time: request.time ?? now,
      mempoolMinFeeRate: this.#rollingFee.current(now, this.usage),
      maxFeeRate: request.maxFeeRate,
      packageMaxFeeRate: request.packageMaxFeeRate,
      bypassLimits: request.bypassLimits ?? false,
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

  /** Checks and adds one transaction. The caller must call `#limitSize` (Core: AcceptSingleTransaction). */
  #acceptSingle(workspace: Workspace): AcceptResult {
    const result = checkSingle(workspace);
    if ('reject' in result) return result;
    for (const replaced of workspace.replaced) this.#removeEntry(replaced, 'replaced');
    this.#add(workspace.entry, workspace.ancestors);
    return result;
  }

  /** Checks and adds a package as a whole (Core: AcceptMultipleTransactions). */
  #acceptMultiple(txs: readonly Transaction[], context: AcceptContext): PackageResult {
    const workspaces = this.#workspaces(txs, context, false);
    const checked = checkPackage(workspaces);
    if (!('reject' in checked)) {
      for (const replaced of checked.replaced) this.#removeEntry(replaced, 'replaced');
      for (const { entry } of workspaces) this.#add(entry, this.#graph.findAncestors(entry));
    }
    return packageResult(workspaces, checked);
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
    this.#changes.added(entry);
  }

  #removeEntry(entry: MutableEntry, reason: RemovalReason): void {
    this.#updateCount++;
    const ancestors = this.#graph.remove(entry);
    this.#queue.remove(entry);
    for (const ancestor of ancestors) this.#queue.update(ancestor);
    this.#changes.removed(entry, reason);
  }

  #removeWithDescendants(entries: Iterable<MutableEntry>, reason: RemovalReason): void {
    for (const entry of withDescendants(entries)) this.#removeEntry(entry, reason);
  }

  /** Removes a transaction that could not be re-added, if present, and its descendants (Core: removeRecursive). */
  #removeRecursive(tx: Transaction, reason: RemovalReason): void {
    const entry = this.#graph.get(tx.txid);
    if (entry) this.#removeWithDescendants([entry], reason);
    else this.#removeWithDescendants(this.#graph.spendersOf(tx), reason);
  }

  /** Removes expired entries, then evicts the lowest fee rates down to the memory limit (Core: LimitMempoolSize). */
  #limitSize(): void {
    const oldest = unixSeconds(this.#clock) - this.options.expirySeconds;
    if (this.#oldestTime < oldest) this.#expire(oldest);
    while (this.usage > this.options.maxBytes) {
      const entry = this.#queue.first!;
      this.#rollingFee.trackPackageRemoved(feeRate(entry.descendantFees, entry.descendantSize));
      this.#removeWithDescendants([entry], 'sizelimit');
    }
  }

  /** Entry times need not increase: the clock can be set, and `loadMempoolDump` restores old times. */
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
    this.#changes.emit();
  }

  #blockDisconnected(block: Block): void {
    for (const tx of this.#disconnected.add(block)) this.#removeRecursive(tx, 'reorg');
    this.#changes.emit();
  }

  /** Runs the steps of re-adding, and has others wait meanwhile. A change that cannot wait has them finished at once. */
  *#readdInSteps(): ReorgSteps {
    if (this.#disconnected.isEmpty) return;
    let resolve = () => {};
    const done = new Promise<void>((settled) => {
      resolve = settled;
    });
    const steps = this.#updateForReorg();
    this.#readding = { steps, done };
    try {
      while (this.#readding) {
        const { done: isDone, value } = steps.next();
        if (isDone) break;
        yield value;
      }
    } finally {
      this.#readding = undefined;
      resolve();
    }
    this.#changes.emit();
  }

  #finishReadding(): void {
    const readding = this.#readding;
    this.#readding = undefined;
    if (readding) atOnce(readding.steps);
  }

  /**
   * Re-adds transactions of disconnected blocks, removes what is invalid at the new tip (Core:
   * MaybeUpdateMempoolForReorg). Until the last step the mempool is incomplete, and nothing else may change it.
   */
  *#updateForReorg(): ReorgSteps {
    const readded: MutableEntry[] = [];
    for (const tx of this.#disconnected.take()) {
      yield;
      const isPresent = !tx.isCoinbase && (this.has(tx.txid) || (yield* this.#readd(tx)));
      if (isPresent) readded.push(this.#graph.get(tx.txid)!);
      else this.#removeRecursive(tx, 'reorg');
    }
    this.#linkReadded(readded);
    const { tip, params } = this.#chain;
    const invalid = yield* entriesInvalidAfterReorg(this.#graph, this.#chain, tip, params);
    this.#removeWithDescendants(invalid, 'reorg');
    this.#limitSize();
    this.#logger.debug({ readded: readded.length, size: this.size }, 'updated mempool after reorganisation');
  }

  /** Accepts a transaction again; costly scripts run before that, as with `acceptAsync`. Returns whether it succeeds. */
  *#readd(tx: Transaction): Generator<void | Promise<void>, boolean> {
    const postponed: ScriptCheck[] = [];
    const result = this.#accept(tx, {}, true, postponed);
    if (postponed.length === 0) return 'entry' in result;
    // If they cannot be verified there, they are verified here.
    yield this.#verify(postponed).catch(() => {});
    return 'entry' in this.#accept(tx, {}, true);
  }

  /** Links re-added entries to their children; removes descendants that now exceed the ancestor limits. */
  #linkReadded(readded: readonly MutableEntry[]): void {
    // A re-added entry may have been replaced by a later one.
    const changed = this.#graph.linkChildren(readded.filter((entry) => this.#isPresent(entry)));
    for (const entry of changed) this.#queue.update(entry);
    const { ancestorCount, ancestorSize } = this.options.limits;
    const tooDeep = [...changed].filter((e) => e.ancestorCount > ancestorCount || e.ancestorSize > ancestorSize);
    this.#removeWithDescendants(tooDeep, 'sizelimit');
  }
}

/** Steps after a reorganisation. A yielded promise is to be awaited, unless there is no time. */
type ReorgSteps = Generator<void | Promise<void>, void>;

/** The user's own transactions come before those of peers, whose precedence is never negative. */
const userPayer: ScriptPayer = { precedence: -1, spent: () => {} };

function checkSingle(workspace: Workspace): AcceptResult {
  const rejected = runAllChecks(workspace);
  return rejected ? { reject: rejected } : { entry: workspace.entry, replaced: workspace.replaced };
}
