import type { BlockReject } from '../consensus/block-check.ts';
import type { Coin, CoinView } from '../consensus/coins.ts';
import type { ChainParams } from '../consensus/params.ts';
import type { Emitter } from '../platform/emitter.ts';
import type { Block } from '../primitives/block.ts';
import type { BlockHeader } from '../primitives/header.ts';
import type { OutPoint } from '../primitives/outpoint.ts';
import type { SignatureCache } from '../script/signature-cache.ts';
import { type AcceptBlockOptions, type AcceptBlockResult, acceptBlock } from './connect/accept-block.ts';
import { acceptHeaders } from './connect/accept-header.ts';
import { activateBestChain } from './connect/activate-best-chain.ts';
import { buildFilters } from './connect/build-filters.ts';
import { checkBlockTemplate } from './connect/check-block-template.ts';
import { invalidateBlock, preciousBlock, reconsiderBlock } from './connect/invalidate.ts';
import { type ChainModules, type ChainOptions, openChainState } from './connect/open-state.ts';
import { type ReindexResult, reindexUtxo } from './connect/reindex.ts';
import { type ChainState, emit } from './connect/state.ts';
import type { BlockFilters } from './filters/filter-index.ts';
import { ChainError, isStoreFailure } from './records/errors.ts';
import type { ScriptCache } from './scripts/script-cache.ts';
import type { ScriptQueue } from './scripts/script-queue.ts';
import type { JobQueue } from './storage/job-queue.ts';
import { blockLocator } from './tree/active-chain.ts';
import type { BlockIndex } from './tree/block-index.ts';
import type { ChainEvents } from './tree/events.ts';
import type { AcceptHeadersResult, HeaderView } from './tree/header-view.ts';
import { isFarBehind } from './tree/initial-block-download.ts';
import type { UnspentOutput } from './utxo/utxo-cache.ts';

export type { AcceptBlockOptions, AcceptBlockResult } from './connect/accept-block.ts';
export type { ChainModules, ChainOptions } from './connect/open-state.ts';
export type { ReindexResult } from './connect/reindex.ts';
export type { BlockFilters, FilterCommitment } from './filters/filter-index.ts';
export type { ChainEvents } from './tree/events.ts';
export type { AcceptHeadersResult } from './tree/header-view.ts';
export type { UnspentOutput } from './utxo/utxo-cache.ts';

/** A block in the queue of `Chain.acceptBlock`. */
interface QueuedBlock {
  readonly block: Block;
  readonly options: AcceptBlockOptions;
  /** Set once the block has been checked and stored, which may happen ahead of its turn. */
  result?: AcceptBlockResult;
}

const DEFAULT_COIN_CACHE_BYTES = 64 << 20;
/** Bytes that queued blocks may hold in total. A caller that awaits each result stays far below it. */
const MAX_QUEUED_BYTES = 128 << 20;
/** Queued blocks that are checked and stored ahead of their turn, so that the connect pipeline can prepare them. */
const ACCEPTED_AHEAD = 3;

/**
 * The block tree of a node: all known headers, the stored blocks, the active chain and the UTXO set at its tip
 * (Core: ChainstateManager). Calls that change the tip run one at a time, in call order. The state is consistent
 * at every await.
 */
export class Chain implements CoinView, HeaderView {
  readonly params: ChainParams;
  readonly events: Emitter<ChainEvents>;
  readonly #state: ChainState;
  readonly #jobs: JobQueue;
  readonly #coinCacheBytes: number;
  /** In call order. */
  readonly #queuedBlocks: QueuedBlock[] = [];
  #queuedBytes = 0;
  #isInitialBlockDownload = true;
  #hasFailed = false;
  #closed: Promise<void> | undefined;

  private constructor(state: ChainState, jobs: JobQueue, coinCacheBytes: number) {
    this.params = state.params;
    this.events = state.events;
    this.#state = state;
    this.#jobs = jobs;
    this.#coinCacheBytes = coinCacheBytes;
  }

  /**
   * Opens the chain in `modules.store`; writes the genesis block to an empty store. Throws `ChainError` with code
   * 'other-network' if the store belongs to another network, 'corrupt-database' if stored data is invalid.
   */
  static async open(options: ChainOptions, modules: ChainModules): Promise<Chain> {
    const { coinCacheBytes = DEFAULT_COIN_CACHE_BYTES } = options;
    const { state, jobs } = await openChainState({ ...options, coinCacheBytes }, modules, (error) =>
      chain.#fail(error),
    );
    const chain: Chain = new Chain(state, jobs, coinCacheBytes);
    const { filters, active, tree, logger } = state;
    // One slice now, so that the filter index of a short chain is complete at once.
    if (filters) await chain.#change(() => buildFilters(state, filters));
    // Connects blocks that were stored but not connected before the last shutdown.
    await chain.#change(() => activateBestChain(state));
    void chain.#completeFilters();
    logger.info({ height: active.tip.height, block: active.tip.hashHex, headers: tree.size }, 'chain opened');
    return chain;
  }

  /** The tip of the active chain, which the UTXO set belongs to. */
  get tip(): BlockIndex {
    return this.#state.active.tip;
  }

  /** The valid header with the most chainwork; its block may be missing (Core: m_best_header). */
  get bestHeader(): BlockIndex {
    return this.#state.tree.bestHeader;
  }

  /** Whether the tip lacks work or is old (Core: IsInitialBlockDownload). Once false, it stays false. */
  get isInitialBlockDownload(): boolean {
    this.#isInitialBlockDownload &&= isFarBehind(this.tip, this.params, this.#state.clock);
    return this.#isInitialBlockDownload;
  }

  /** Transactions with scripts that are known to be valid or invalid. The mempool adds to it, so that blocks need not verify them again. */
  get scriptCache(): ScriptCache {
    return this.#state.scripts.cache;
  }

  /** Verifies the scripts of costly transactions before the mempool accepts them, off the main thread if possible. */
  get scriptQueue(): ScriptQueue {
    return this.#state.scripts.queue;
  }

  /** Signatures known to be valid, shared with the mempool (Core: SignatureCache). */
  get signatureCache(): SignatureCache {
    return this.#state.scripts.signatures;
  }

  /**
   * Registers steps that follow each move of the tip, in slices and before the event `tip`: the chain continues only when
   * they are done. Returns a function that removes them. @internal
   */
  beforeTip(steps: () => Generator<void | Promise<void>, void>): () => void {
    const { beforeTip } = this.#state;
    beforeTip.add(steps);
    return () => beforeTip.delete(steps);
  }

  /** Returns the block with this hash (internal byte order), on any branch (Core: LookupBlockIndex). */
  getIndex(hash: Uint8Array): BlockIndex | undefined {
    return this.#state.tree.get(hash);
  }

  /** Returns the block of the active chain at `height`. */
  atHeight(height: number): BlockIndex | undefined {
    return this.#state.active.at(height);
  }

  /** Returns whether a block is in the active chain. */
  contains(index: BlockIndex): boolean {
    return this.#state.active.contains(index);
  }

  /** Returns the last common ancestor of `index` and the active chain (Core: FindFork). */
  findFork(index: BlockIndex): BlockIndex {
    return this.#state.active.findFork(index);
  }

  /** Returns the block locator of `from` (default: the tip): hashes at growing distances down to genesis. */
  locator(from: BlockIndex = this.tip): Uint8Array[] {
    return blockLocator(from);
  }

  /** Returns the first block of a locator that is in the active chain, or genesis (Core: FindForkInGlobalIndex). */
  findLocator(locator: readonly Uint8Array[]): BlockIndex {
    for (const hash of locator) {
      const index = this.getIndex(hash);
      if (!index) continue;
      if (this.contains(index)) return index;
      if (index.ancestor(this.tip.height) === this.tip) return this.tip;
    }
    return this.atHeight(0)!;
  }

  /** Returns the tips of all branches, the active one included, highest first (Core: `getchaintips`). */
  tips(): BlockIndex[] {
    return this.#state.tree.tips(this.tip, (index) => this.contains(index));
  }

  /** Adds headers, each the child of the previous one, and stores them later (Core: ProcessNewBlockHeaders). */
  acceptHeaders(headers: readonly BlockHeader[]): AcceptHeadersResult {
    this.#checkOpen();
    const result = acceptHeaders(this.#state, headers);
    if (result.added > 0) this.#state.flusher.requestInBackground();
    this.#throwListenerErrors();
    return result;
  }

  /**
   * Accepts a block (Core: ProcessNewBlock). Resolves once the block is on disk and, if it extends the best chain,
   * connected; a later crash cannot lose it. Calls need not wait for each other: blocks are processed in call order and
   * share writes. Throws `ChainError` with code 'busy' if too many bytes are queued.
   */
  async acceptBlock(block: Block, options: AcceptBlockOptions = {}): Promise<AcceptBlockResult> {
    this.#checkOpen();
    const size = block.totalSize;
    if (this.#queuedBytes + size > MAX_QUEUED_BYTES) throw new ChainError('busy', 'too many blocks are queued');
    this.#queuedBytes += size;
    const queued: QueuedBlock = { block, options };
    this.#queuedBlocks.push(queued);
    try {
      return await this.#change(() => this.#process(queued));
    } finally {
      this.#queuedBytes -= size;
    }
  }

  /** Processes the first queued block. Returns early if the next job in the queue will go on connecting blocks. */
  async #process(queued: QueuedBlock): Promise<AcceptBlockResult> {
    const queue = this.#queuedBlocks;
    const ahead = queue.slice(0, ACCEPTED_AHEAD);
    queue.shift();
    for (const each of ahead) each.result ??= await acceptBlock(this.#state, each.block, each.options);
    const result = queued.result!;
    const { index, isNew } = result;
    const isSettled = () => !isNew || index!.failed || this.contains(index!);
    await activateBestChain(this.#state, () => queue.length > 0 && isSettled());
    const reject = isNew ? this.#state.rejects.get(index!) : undefined;
    return reject ? { ...result, reject } : result;
  }

  /** Returns the block; undefined if its body is not stored. */
  getBlock(index: BlockIndex): Block | undefined {
    return this.#state.db.block(index);
  }

  /** Returns the serialized block with witnesses, which must not be modified; undefined if its body is not stored. */
  getRawBlock(index: BlockIndex): Uint8Array | undefined {
    return this.#state.db.body(index);
  }

  /**
   * Returns a block's undo data: for each transaction except the coinbase, the coins that its inputs spend (Core:
   * CBlockUndo). Undefined if the block has never been connected; empty for genesis.
   */
  getUndo(index: BlockIndex): readonly (readonly Coin[])[] | undefined {
    return index.height === 0 ? [] : this.#state.db.undo(index);
  }

  /** The block filter index; undefined without `blockFilterIndex`. */
  get blockFilters(): BlockFilters | undefined {
    return this.#state.filters;
  }

  /** Returns the coin of an output that is unspent at the tip. */
  getCoin(outpoint: OutPoint): Coin | undefined {
    return this.#state.db.coins.getCoin(outpoint);
  }

  /** Returns one of the transaction's unspent coins, e.g. to find its block's height (Core: AccessByTxid). */
  getCoinByTxid(txid: Uint8Array): Coin | undefined {
    return this.#state.db.coins.getCoinByTxid(txid);
  }

  /** Iterates over the UTXO set as of the start of the iteration, sorted by txid (internal byte order) and index. */
  coins(): IterableIterator<UnspentOutput> {
    return this.#state.db.coins.entries();
  }

  /** Checks a block on top of the tip except for its proof of work (Core: TestBlockValidity). Changes nothing. */
  checkBlockTemplate(block: Block, options: { merkleRoot?: boolean } = {}): BlockReject | undefined {
    return checkBlockTemplate(this.#state, block, options.merkleRoot ?? false);
  }

  /** Marks a block and its descendants invalid and activates the best remaining chain (Core: `invalidateblock`). */
  invalidateBlock(index: BlockIndex): Promise<void> {
    return this.#change(() => invalidateBlock(this.#state, index));
  }

  /** Removes the invalid mark from a block, its ancestors and its descendants (Core: `reconsiderblock`). */
  reconsiderBlock(index: BlockIndex): Promise<void> {
    return this.#change(() => reconsiderBlock(this.#state, index));
  }

  /** Prefers a block over others with equal work, as if it had arrived first (Core: `preciousblock`). */
  preciousBlock(index: BlockIndex): Promise<void> {
    return this.#change(() => preciousBlock(this.#state, index));
  }

  /** Rebuilds the UTXO set from the stored blocks. The old set stays in use until the new one is complete. */
  async reindexUtxo(onProgress: (height: number, tipHeight: number) => void = () => {}): Promise<ReindexResult> {
    const result = await this.#change(() => reindexUtxo(this.#state, this.#coinCacheBytes, onProgress));
    void this.#completeFilters();
    return result;
  }

  /** Resolves once all pending changes have been written. */
  flush(): Promise<void> {
    return this.#change(() => {});
  }

  /** Finishes queued work, flushes and rejects later calls. The store stays open. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.flush()
      .then(() => this.#state.db.store.flushed())
      .finally(() => this.#state.scripts.close());
    return this.#closed;
  }

  /** Builds the missing filters in the background, in jobs small enough not to delay blocks. */
  async #completeFilters(): Promise<void> {
    const { filters, flusher, logger } = this.#state;
    if (!filters || filters.best === this.tip) return;
    logger.info({ from: filters.best?.height, to: this.tip.height }, 'building the block filter index');
    try {
      while (!this.#closed && filters.best !== this.tip) {
        await this.#jobs.run(() => buildFilters(this.#state, filters));
        await flusher.request();
      }
      if (!this.#closed) logger.info({ height: this.tip.height }, 'block filter index complete');
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Runs a job after those queued before it; resolves once its changes are on disk. */
  async #change<T>(job: () => Promise<T> | T): Promise<T> {
    this.#checkOpen();
    const result = await this.#jobs.run(job).catch((error: unknown) => {
      if (isStoreFailure(error)) this.#fail(error);
      throw error;
    });
    await this.#state.flusher.request();
    this.#throwListenerErrors();
    return result;
  }

  #fail(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#state.logger.error({ err: error }, 'block database failed');
    emit(this.#state, 'failed', { error });
  }

  #throwListenerErrors(): void {
    const errors = this.#state.listenerErrors.splice(0);
    if (errors.length === 0) return;
    throw errors.length === 1 ? errors[0] : new AggregateError(errors, `${errors.length} chain event listeners failed`);
  }

  #checkOpen(): void {
    if (this.#closed) throw new ChainError('closed', 'the chain is closed');
  }
}
