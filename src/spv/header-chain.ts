import { equalBytes } from '../bytes/compare.ts';
import { addHeaders } from '../chain/connect/accept-header.ts';
import { ChainError } from '../chain/records/errors.ts';
import { ActiveChain, blockLocator } from '../chain/tree/active-chain.ts';
import type { BlockIndex } from '../chain/tree/block-index.ts';
import { BlockTree } from '../chain/tree/block-tree.ts';
import type { ChainEvents } from '../chain/tree/events.ts';
import type { AcceptHeadersResult, HeaderView } from '../chain/tree/header-view.ts';
import { isFarBehind } from '../chain/tree/initial-block-download.ts';
import type { ChainParams } from '../consensus/params.ts';
import type { Clock } from '../platform/clock.ts';
import { Emitter } from '../platform/emitter.ts';
import type { Logger } from '../platform/logger.ts';
import { BlockHeader, HEADER_SIZE } from '../primitives/header.ts';
import { filterHeader, NO_FILTER_HEADER } from '../proofs/block-filter.ts';
import type { Store, StoreOperation } from '../store/store.ts';
import { corrupt } from './corrupt.ts';
import { RecordList } from './record-list.ts';

/** Modules that a `HeaderChain` uses. */
export interface HeaderChainModules {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** First byte of a key in a light node's store. */
const HEADERS = 0x68; // h
const FILTER_HEADERS = 0x66; // f
const TIP = Uint8Array.of(0x74); // t
const FORMAT = Uint8Array.of(0x76); // v
/** Version of the layout of keys and values; a store with another version cannot be read. */
const FORMAT_VERSION = 1;
/** Bytes of a stored header: without the parent's hash, which is the hash of the previous record. */
const RECORD_SIZE = HEADER_SIZE - 32;

/**
 * The header chain of a light node: the headers with the most chainwork that peers sent, validated as a full node does
 * (proof of work, difficulty, time), and the filter headers that peers agree on (BIP157).
 *
 * @example
 * ```ts
 * import { regtest } from 'pier/consensus';
 * import { silentLogger, systemClock } from 'pier/platform';
 * import { HeaderChain } from 'pier/spv';
 * import { MemoryStore } from 'pier/store';
 *
 * const modules = { store: new MemoryStore(), clock: systemClock, logger: silentLogger };
 * const chain = await HeaderChain.open(regtest, modules);
 * console.log(chain.tip.height); // 0
 * ```
 */
export class HeaderChain implements HeaderView {
  readonly params: ChainParams;
  readonly events = new Emitter<ChainEvents>();
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #tree = new BlockTree();
  readonly #active = new ActiveChain();
  readonly #headers = new RecordList(HEADERS, RECORD_SIZE);
  readonly #filters = new RecordList(FILTER_HEADERS, 32);
  /** By height. */
  readonly #filterHeaders: Uint8Array[] = [];
  /** Number of stored records of each kind. */
  #stored = { headers: 0, filters: 0 };
  /** Height from which stored records may differ from those in memory. */
  #changed = { headers: 0, filters: 0 };
  #isInitialBlockDownload = true;
  #writing: Promise<void> | undefined;
  #failure: unknown;

  private constructor(params: ChainParams, { store, clock, logger }: HeaderChainModules) {
    this.params = params;
    this.#store = store;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Opens the header chain in `modules.store`; starts an empty store with genesis. Throws `ChainError`. */
  static async open(params: ChainParams, modules: HeaderChainModules): Promise<HeaderChain> {
    const chain = new HeaderChain(params, modules);
    chain.#load();
    await chain.flush();
    const { height, hashHex } = chain.tip;
    modules.logger.info({ height, block: hashHex, filterHeaders: chain.filterHeight }, 'headers opened');
    return chain;
  }

  get tip(): BlockIndex {
    return this.#active.tip;
  }

  /** Same as `tip`: without blocks, the header chain with the most work is the active chain. */
  get bestHeader(): BlockIndex {
    return this.#active.tip;
  }

  get isInitialBlockDownload(): boolean {
    this.#isInitialBlockDownload &&= isFarBehind(this.tip, this.params, this.#clock);
    return this.#isInitialBlockDownload;
  }

  /** Returns the header with this hash (32 bytes, internal order), on any branch. */
  getIndex(hash: Uint8Array): BlockIndex | undefined {
    return this.#tree.get(hash);
  }

  /** Returns the header of the active chain at `height`. */
  atHeight(height: number): BlockIndex | undefined {
    return this.#active.at(height);
  }

  /** Returns whether a header is on the active chain. */
  contains(index: BlockIndex): boolean {
    return this.#active.contains(index);
  }

  /** Returns the fork point: the last ancestor of `index` on the active chain, or `index` itself. */
  findFork(index: BlockIndex): BlockIndex {
    return this.#active.findFork(index);
  }

  /** Returns a block locator, highest hash first. */
  locator(from: BlockIndex = this.tip): Uint8Array[] {
    return blockLocator(from);
  }

  /** Returns the first header of a locator that is on the active chain; genesis if there is none. */
  findLocator(locator: readonly Uint8Array[]): BlockIndex {
    for (const hash of locator) {
      const index = this.getIndex(hash);
      if (index && this.contains(index)) return index;
    }
    return this.atHeight(0)!;
  }

  /** Adds linked headers up to the first invalid one and updates the tip. */
  acceptHeaders(headers: readonly BlockHeader[]): AcceptHeadersResult {
    const result = addHeaders({ tree: this.#tree, params: this.params, clock: this.#clock }, headers);
    this.#updateTip();
    return result;
  }

  #updateTip(): void {
    const previous = this.tip;
    const tip = this.#tree.bestHeader;
    if (tip === previous) return;
    const fork = this.#active.findFork(tip);
    this.#active.setTip(tip);
    this.#changed.headers = Math.min(this.#changed.headers, fork.height + 1);
    this.truncateFilterHeaders(fork.height);
    this.#save();
    this.events.emit('header', { best: tip });
    this.events.emit('tip', { tip, fork, previous });
  }

  // Filters

  /** Height of the last filter header that peers agree on; -1 if there is none. */
  get filterHeight(): number {
    return this.#filterHeaders.length - 1;
  }

  /** Returns the filter header at a height; 32 zero bytes below height 0, undefined above `filterHeight` (BIP157). */
  filterHeader(height: number): Uint8Array | undefined {
    return height < 0 ? NO_FILTER_HEADER : this.#filterHeaders[height];
  }

  /** Appends the filter hashes of the blocks after `filterHeight`. */
  appendFilterHashes(hashes: readonly Uint8Array[]): void {
    for (const hash of hashes) this.#filterHeaders.push(filterHeader(this.filterHeader(this.filterHeight)!, hash));
    this.#save();
  }

  /** Removes the filter headers above a height. */
  truncateFilterHeaders(height: number): void {
    if (height >= this.filterHeight) return;
    this.#filterHeaders.length = height + 1;
    this.#changed.filters = Math.min(this.#changed.filters, height + 1);
    this.#save();
  }

  // Persistence

  #load(): void {
    const { params } = this;
    const format = formatOf(params);
    const found = this.#store.get(FORMAT);
    if (found && !equalBytes(found, format)) {
      throw found[0] === FORMAT_VERSION
        ? new ChainError('other-network', `the stored headers belong to another network than ${params.network}`)
        : corrupt(`format ${found[0]}; this version of Pier reads format ${FORMAT_VERSION}`);
    }
    let last: BlockIndex | undefined;
    for (const record of this.#headers.read(this.#store)) last = this.#restore(record, last);
    const tip = this.#store.get(TIP);
    const isWhole = found ? last && tip && equalBytes(last.hash, tip) : !last && !tip;
    if (!isWhole) throw corrupt('the last header is not the tip');
    const { header, hash } = params.genesis;
    last ??= this.#tree.restore(header, hash, undefined);
    this.#tree.findBestHeader();
    this.#active.setTip(last);
    this.#filterHeaders.push(...this.#filters.read(this.#store));
    if (this.filterHeight > last.height) throw corrupt('more filter headers than block headers');
    this.#stored = { headers: found ? last.height + 1 : 0, filters: this.filterHeight + 1 };
    this.#changed = { ...this.#stored };
  }

  #restore(record: Uint8Array, prev: BlockIndex | undefined): BlockIndex {
    const bytes = new Uint8Array(HEADER_SIZE);
    bytes.set(record.subarray(0, 4));
    if (prev) bytes.set(prev.hash, 4);
    bytes.set(record.subarray(4), 36);
    const header = BlockHeader.decode(bytes);
    if (!prev && !equalBytes(header.hash, this.params.genesis.hash)) throw corrupt('the first header is not genesis');
    return this.#tree.restore(header, header.hash, prev);
  }

  #record(height: number): Uint8Array {
    const bytes = this.atHeight(height)!.header.encode();
    const record = new Uint8Array(RECORD_SIZE);
    record.set(bytes.subarray(0, 4));
    record.set(bytes.subarray(36), 4);
    return record;
  }

  #save(): void {
    this.#writing ??= Promise.resolve()
      .then(() => this.#write())
      .catch((error: unknown) => this.#fail(error));
  }

  async #write(): Promise<void> {
    for (let batch = this.#takeChanges(); batch.length > 0; batch = this.#takeChanges()) {
      await this.#store.write(batch);
    }
    this.#writing = undefined;
  }

  /** Returns all unwritten changes as one batch; empty if the store is up to date. */
  #takeChanges(): StoreOperation[] {
    const { tip, filterHeight } = this;
    const [stored, changed] = [this.#stored, this.#changed];
    const now = { headers: tip.height + 1, filters: filterHeight + 1 };
    const isStored = (kind: 'headers' | 'filters') => changed[kind] >= now[kind] && stored[kind] === now[kind];
    if (isStored('headers') && isStored('filters')) return [];
    this.#stored = now;
    this.#changed = { ...now };
    return [
      { type: 'put', key: FORMAT, value: formatOf(this.params) },
      ...this.#headers.operations(stored.headers, now.headers, changed.headers, (height) => this.#record(height)),
      ...this.#filters.operations(stored.filters, now.filters, changed.filters, (at) => this.#filterHeaders[at]!),
      { type: 'put', key: TIP, value: tip.hash },
    ];
  }

  #fail(error: unknown): void {
    this.#failure = error;
    this.#logger.error({ err: error }, 'header store write failed');
    this.events.emit('failed', { error });
  }

  /** Resolves when all changes are written. Throws the error of a failed write. */
  async flush(): Promise<void> {
    this.#save();
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }
}

/** The format version (1 byte), then the hash of genesis. */
function formatOf({ genesis }: ChainParams): Uint8Array {
  return Uint8Array.from([FORMAT_VERSION, ...genesis.hash]);
}
