import type { BlockReject } from '../consensus/block-check.ts';
import type { Coin, CoinView } from '../consensus/coins.ts';
import type { ChainParams } from '../consensus/params.ts';
import type { Clock } from '../platform/clock.ts';
import { Emitter } from '../platform/emitter.ts';
import type { Logger } from '../platform/logger.ts';
import type { Block } from '../primitives/block.ts';
import type { BlockHeader } from '../primitives/header.ts';
import type { OutPoint } from '../primitives/outpoint.ts';
import type { SignatureCache } from '../script/signature-cache.ts';
import type { Store } from '../store/store.ts';
import { type AcceptBlockOptions, type AcceptBlockResult, receiveBlock } from './connect/accept-block.ts';
import { acceptHeaders } from './connect/accept-header.ts';
import { activateBestChain } from './connect/activate-best-chain.ts';
import { buildFilters } from './connect/build-filters.ts';
import { checkBlockTemplate } from './connect/check-block-template.ts';
import { invalidateBlock, preciousBlock, reconsiderBlock } from './connect/invalidate.ts';
import { ConnectPipeline } from './connect/pipeline.ts';
import { type ReindexResult, reindexUtxo, wipeCoins } from './connect/reindex.ts';
import { type ChainState, emit } from './connect/state.ts';
import { type BlockFilters, FilterIndex } from './filters/filter-index.ts';
import { ChainError, isStoreFailure } from './records/errors.ts';
import type { ScriptCache } from './scripts/script-cache.ts';
import { ScriptVerifier } from './scripts/script-verifier.ts';
import { ChainDb } from './storage/chain-db.ts';
import { Flusher } from './storage/flusher.ts';
import { JobQueue } from './storage/job-queue.ts';
import { loadTip, loadTree, prepareStore } from './storage/load.ts';
import { ActiveChain, blockLocator } from './tree/active-chain.ts';
import type { BlockIndex } from './tree/block-index.ts';
import type { ChainEvents } from './tree/events.ts';
import type { AcceptHeadersResult, HeaderView } from './tree/header-view.ts';
import { isFarBehind } from './tree/initial-block-download.ts';
import { UnconnectedBlocks } from './tree/unconnected-blocks.ts';
import { type CoinEntry, CoinsCache } from './utxo/utxo-cache.ts';

export type { AcceptBlockOptions, AcceptBlockResult } from './connect/accept-block.ts';
export type { ReindexResult } from './connect/reindex.ts';
export type { BlockFilters, FilterCommitment } from './filters/filter-index.ts';
export type { ChainEvents } from './tree/events.ts';
export type { AcceptHeadersResult } from './tree/header-view.ts';
export type { CoinEntry } from './utxo/utxo-cache.ts';

export interface ChainModules {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface ChainOptions {
  readonly params: ChainParams;
  /** Memory for unspent outputs, roughly, in bytes. */
  readonly coinCacheBytes?: number;
  /** Threads that run scripts beside this one; default: as many as the machine has processors to spare. */
  readonly scriptThreads?: number;
  /** Keeps the blocks' filters (BIP158); default: not. For a chain that lacks them they are built beside the other work. */
  readonly blockFilterIndex?: boolean;
}

/** A block that waits for its turn. */
interface Arrival {
  readonly block: Block;
  readonly options: AcceptBlockOptions;
  /** Present once its first stages are behind it. */
  result?: AcceptBlockResult;
}

const DEFAULT_COIN_CACHE_BYTES = 64 << 20;
/** Blocks that wait their turn may hold this much together; a caller who waits for each result never comes near. */
const MAX_QUEUED_BYTES = 128 << 20;
/** So many blocks are checked and stored before it is their turn, so that the next one is there when one is connected. */
const RECEIVED_AHEAD = 3;

/**
 * A node's chain: every header it knows, the blocks behind them, the best valid chain among them and the outputs that
 * are unspent at its tip. What changes the tip happens in the order of the calls, one thing after another; between two
 * awaits the chain is always consistent.
 */
export class Chain implements CoinView, HeaderView {
  readonly params: ChainParams;
  readonly events: Emitter<ChainEvents>;
  readonly #state: ChainState;
  readonly #jobs: JobQueue;
  readonly #coinCacheBytes: number;
  /** Blocks whose turn has yet to come. */
  readonly #arrivals: Arrival[] = [];
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
   * Opens the chain in `modules.store`, or puts its genesis there. Throws `ChainError`: 'other-network' for the store of
   * another network, 'corrupt-database' for data that make no sense.
   */
  static async open(options: ChainOptions, modules: ChainModules): Promise<Chain> {
    const { params, coinCacheBytes = DEFAULT_COIN_CACHE_BYTES } = options;
    const { store, clock, logger } = modules;
    await prepareStore(store, params);
    const tree = loadTree(store);
    const { tip, marker } = loadTip(store, tree);
    // A rebuilding of the coins that was cut short, or had yet to clean up.
    await wipeCoins(store, 1 - marker.coinSet);

    const active = new ActiveChain();
    active.setTip(tip);
    const filters = options.blockFilterIndex ? new FilterIndex(store, active) : undefined;
    const db = new ChainDb(store, tree, new CoinsCache(store, marker.coinSet, coinCacheBytes), tip, filters);
    const jobs = new JobQueue(() => flusher.poke());
    const flusher = new Flusher({
      flush: () => db.flush(active.tip),
      pendingBytes: () => db.pendingBytes,
      isIdle: () => jobs.isIdle,
      onFailure: (error) => chain.#fail(error),
    });
    const scripts = new ScriptVerifier({ threads: options.scriptThreads }, clock, logger);
    const unconnected = new UnconnectedBlocks();
    const state: ChainState = {
      params,
      clock,
      logger,
      events: new Emitter(),
      tree,
      active,
      db,
      filters,
      flusher,
      scripts,
      unconnected,
      pipeline: new ConnectPipeline({ params, db, scripts, unconnected }),
      refusals: new WeakMap(),
      sources: new WeakMap(),
      listenerErrors: [],
      busyBytes: 0,
    };
    const chain = new Chain(state, jobs, coinCacheBytes);
    // A few blocks at once, so that the index of a new chain is never behind.
    if (filters) await chain.#change(() => buildFilters(state, filters));
    // Blocks that were stored but not yet connected.
    await chain.#change(() => activateBestChain(state));
    chain.#completeFilters();
    logger.info({ height: active.tip.height, block: active.tip.hashHex, headers: tree.size }, 'chain opened');
    return chain;
  }

  /** The last block of the best valid chain, whose unspent outputs this is a view of. */
  get tip(): BlockIndex {
    return this.#state.active.tip;
  }

  /** The last of the headers with the most work that are not known to be invalid; their blocks may yet be missing. */
  get bestHeader(): BlockIndex {
    return this.#state.tree.bestHeader;
  }

  /** Whether the chain is still far behind (Core: IsInitialBlockDownload); once false it stays so. */
  get isInitialBlockDownload(): boolean {
    this.#isInitialBlockDownload &&= isFarBehind(this.tip, this.params, this.#state.clock);
    return this.#isInitialBlockDownload;
  }

  /** Scripts known to be valid. Who verifies transactions elsewhere tells it, and spares the chain the same work. */
  get scriptCache(): ScriptCache {
    return this.#state.scripts.cache;
  }

  /** Signatures known to be right, to be used and added to by who verifies transactions elsewhere. */
  get signatureCache(): SignatureCache {
    return this.#state.scripts.signatures;
  }

  /** The block with this hash (internal order), on whatever branch. */
  getIndex(hash: Uint8Array): BlockIndex | undefined {
    return this.#state.tree.get(hash);
  }

  /** The block of the active chain at `height`. */
  atHeight(height: number): BlockIndex | undefined {
    return this.#state.active.at(height);
  }

  /** Whether a block is part of the active chain. */
  contains(index: BlockIndex): boolean {
    return this.#state.active.contains(index);
  }

  /** The last block that the path to `index` shares with the active chain. */
  findFork(index: BlockIndex): BlockIndex {
    return this.#state.active.findFork(index);
  }

  /** Hashes by which a peer finds the last block that it shares with the path to `from` (default: the tip). */
  locator(from: BlockIndex = this.tip): Uint8Array[] {
    return blockLocator(from);
  }

  /** The last block of the active chain that a locator names; genesis if it names none. */
  findLocator(locator: readonly Uint8Array[]): BlockIndex {
    for (const hash of locator) {
      const index = this.getIndex(hash);
      if (!index) continue;
      if (this.contains(index)) return index;
      if (index.ancestor(this.tip.height) === this.tip) return this.tip;
    }
    return this.atHeight(0)!;
  }

  /** The ends of all branches, the highest first, with the tip (Core: `getchaintips`). */
  tips(): BlockIndex[] {
    return this.#state.tree.tips(this.tip, (index) => this.contains(index));
  }

  /** Adds headers, each the child of the one before it. They are stored soon after. */
  acceptHeaders(headers: readonly BlockHeader[]): AcceptHeadersResult {
    this.#checkOpen();
    const result = acceptHeaders(this.#state, headers);
    if (result.added > 0) this.#state.flusher.requestQuietly();
    this.#throwListenerErrors();
    return result;
  }

  /**
   * Takes a block. Resolves once it is stored and, if it belongs to the best chain, connected: a kill of the process after
   * that cannot lose it. Many calls may be made without waiting for the results: blocks are processed in the order of the
   * calls and share writes. Throws `ChainError` 'busy' when too much waits already.
   */
  async acceptBlock(block: Block, options: AcceptBlockOptions = {}): Promise<AcceptBlockResult> {
    this.#checkOpen();
    const size = block.totalSize;
    if (this.#queuedBytes + size > MAX_QUEUED_BYTES)
      throw new ChainError('busy', 'too many blocks wait to be processed');
    this.#queuedBytes += size;
    const arrival: Arrival = { block, options };
    this.#arrivals.push(arrival);
    try {
      return await this.#change(() => this.#process(arrival));
    } finally {
      this.#queuedBytes -= size;
    }
  }

  /** A block whose turn has come. Blocks behind it may be connected as well; at the latest the last one sees to that. */
  async #process(arrival: Arrival): Promise<AcceptBlockResult> {
    const arrivals = this.#arrivals;
    const ahead = arrivals.slice(0, RECEIVED_AHEAD);
    arrivals.shift();
    for (const each of ahead) each.result ??= receiveBlock(this.#state, each.block, each.options);
    const result = arrival.result!;
    const { index, isNew } = result;
    const isSettled = () => !isNew || index!.failed || this.contains(index!);
    await activateBestChain(this.#state, () => arrivals.length > 0 && isSettled());
    const reject = isNew ? this.#state.refusals.get(index!) : undefined;
    return reject ? { ...result, reject } : result;
  }

  /** The block, undefined if its body is unknown. */
  getBlock(index: BlockIndex): Block | undefined {
    return this.#state.db.block(index);
  }

  /** The block as it is sent, with witnesses; undefined if its body is unknown. Not to be changed. */
  getRawBlock(index: BlockIndex): Uint8Array | undefined {
    return this.#state.db.body(index);
  }

  /**
   * What a block spends: for each transaction but the coinbase, the coins of its inputs. Undefined if the block has never
   * been connected; empty for genesis.
   */
  getUndo(index: BlockIndex): readonly (readonly Coin[])[] | undefined {
    return index.height === 0 ? [] : this.#state.db.undo(index);
  }

  /** The filters of blocks; undefined where the chain keeps no index of them. */
  get blockFilters(): BlockFilters | undefined {
    return this.#state.filters;
  }

  /** The output that this names, if it is unspent at the tip. */
  getCoin(outpoint: OutPoint): Coin | undefined {
    return this.#state.db.coins.getCoin(outpoint);
  }

  /** An unspent output of this transaction, if it has any at the tip. It tells the height of the block that holds it. */
  getCoinOf(txid: Uint8Array): Coin | undefined {
    return this.#state.db.coins.getCoinOf(txid);
  }

  /** All outputs that are unspent at the tip when the iteration begins, in the order of txid (as bytes) and index. */
  coins(): IterableIterator<CoinEntry> {
    return this.#state.db.coins.entries();
  }

  /** Why the block, were it mined, could not follow the tip; undefined if it could (Core: TestBlockValidity). */
  checkBlockTemplate(block: Block, options: { merkleRoot?: boolean } = {}): BlockReject | undefined {
    return checkBlockTemplate(this.#state, block, options.merkleRoot ?? false);
  }

  /** Treats a block, and all that build on it, as invalid, and moves to the best chain without it. */
  invalidateBlock(index: BlockIndex): Promise<void> {
    return this.#change(() => invalidateBlock(this.#state, index));
  }

  /** Forgets that a block, those before it and those that build on it were found invalid, or made so. */
  reconsiderBlock(index: BlockIndex): Promise<void> {
    return this.#change(() => reconsiderBlock(this.#state, index));
  }

  /** Prefers a block to others with the same work, as if it had come first. */
  preciousBlock(index: BlockIndex): Promise<void> {
    return this.#change(() => preciousBlock(this.#state, index));
  }

  /** Builds the set of unspent outputs anew from the stored blocks. The old one stays in use until that is done. */
  async reindexUtxo(onProgress: (height: number, tipHeight: number) => void = () => {}): Promise<ReindexResult> {
    const result = await this.#change(() => reindexUtxo(this.#state, this.#coinCacheBytes, onProgress));
    this.#completeFilters();
    return result;
  }

  /** Writes all that is not yet written. */
  flush(): Promise<void> {
    return this.#change(() => {});
  }

  /** Lets what has begun come to its end, writes everything and refuses whatever comes later. The store stays open. */
  close(): Promise<void> {
    this.#closed ??= this.flush()
      .then(() => this.#state.db.store.flushed())
      .finally(() => this.#state.scripts.close());
    return this.#closed;
  }

  /** Has the filters built that are missing, in jobs so small that blocks come in between. */
  async #completeFilters(): Promise<void> {
    const { filters, flusher, logger } = this.#state;
    if (!filters || filters.best === this.tip) return;
    logger.info({ from: filters.best?.height, to: this.tip.height }, 'the index of block filters is being built');
    try {
      while (!this.#closed && filters.best !== this.tip) {
        await this.#jobs.run(() => buildFilters(this.#state, filters));
        await flusher.request();
      }
      if (!this.#closed) logger.info({ height: this.tip.height }, 'the index of block filters is complete');
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Runs a job after those before it, and waits until what it has changed is stored. */
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
    this.#state.logger.error({ err: error }, 'the block database has failed');
    emit(this.#state, 'failed', { error });
  }

  #throwListenerErrors(): void {
    const errors = this.#state.listenerErrors.splice(0);
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} listeners of the chain failed`);
  }

  #checkOpen(): void {
    if (this.#closed) throw new ChainError('closed', 'the chain has been closed');
  }
}
