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

export interface HeaderChainModules {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** First bytes of the keys in the store of a light node. */
const HEADERS = 0x68; // h
const FILTER_HEADERS = 0x66; // f
const TIP = Uint8Array.of(0x74); // t
const FORMAT = Uint8Array.of(0x76); // v
/** Of the layout of keys and values; a store of another version cannot be read. */
const FORMAT_VERSION = 1;
/** A header without the hash of its parent, which the one before it gives. */
const RECORD_SIZE = HEADER_SIZE - 32;

/**
 * A chain of headers without blocks: the one with the most work of all that peers have shown, each header judged as a
 * full node judges it (work, difficulty, time), and the headers of the blocks' filters as far as peers agree about them.
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
  /** How many of each the store holds. */
  #stored = { headers: 0, filters: 0 };
  /** From this height on the store may hold others. */
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

  /** Opens the headers in `modules.store`, or puts genesis there. Throws `ChainError`. */
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

  /** The tip: without blocks nothing else can be said of a chain than how much work it has. */
  get bestHeader(): BlockIndex {
    return this.#active.tip;
  }

  get isInitialBlockDownload(): boolean {
    this.#isInitialBlockDownload &&= isFarBehind(this.tip, this.params, this.#clock);
    return this.#isInitialBlockDownload;
  }

  getIndex(hash: Uint8Array): BlockIndex | undefined {
    return this.#tree.get(hash);
  }

  /** The header of the active chain at `height`. */
  atHeight(height: number): BlockIndex | undefined {
    return this.#active.at(height);
  }

  contains(index: BlockIndex): boolean {
    return this.#active.contains(index);
  }

  /** The last header that the path to `index` shares with the active chain. */
  findFork(index: BlockIndex): BlockIndex {
    return this.#active.findFork(index);
  }

  locator(from: BlockIndex = this.tip): Uint8Array[] {
    return blockLocator(from);
  }

  /** The last header of the active chain that a locator names; genesis if it names none. */
  findLocator(locator: readonly Uint8Array[]): BlockIndex {
    for (const hash of locator) {
      const index = this.getIndex(hash);
      if (index && this.contains(index)) return index;
    }
    return this.atHeight(0)!;
  }

  /** Adds headers, each the child of the one before it, up to the first that is refused, and moves the tip. */
  acceptHeaders(headers: readonly BlockHeader[]): AcceptHeadersResult {
    const result = addHeaders({ tree: this.#tree, params: this.params, clock: this.#clock }, headers);
    this.#follow();
    return result;
  }

  #follow(): void {
    const previous = this.tip;
    const tip = this.#tree.bestHeader;
    if (tip === previous) return;
    const fork = this.#active.findFork(tip);
    this.#active.setTip(tip);
    this.#changed.headers = Math.min(this.#changed.headers, fork.height + 1);
    this.truncateFilterHeaders(fork.height);
    if (fork !== previous)
      this.#logger.warn({ fork: fork.height, from: previous.height, to: tip.height }, 'reorganised');
    this.#save();
    this.events.emit('header', { best: tip });
    this.events.emit('tip', { tip, fork, previous });
  }

  // Filters

  /** The last height whose filter header is agreed upon; -1 if there is none. */
  get filterHeight(): number {
    return this.#filterHeaders.length - 1;
  }

  /** The filter header at a height; that before the first one is all zero. */
  filterHeader(height: number): Uint8Array | undefined {
    return height < 0 ? NO_FILTER_HEADER : this.#filterHeaders[height];
  }

  /** Adds the filter hashes of the blocks behind the last whose filter header is known. */
  appendFilterHashes(hashes: readonly Uint8Array[]): void {
    for (const hash of hashes) this.#filterHeaders.push(filterHeader(this.filterHeader(this.filterHeight)!, hash));
    this.#save();
  }

  /** Forgets the filter headers above a height. */
  truncateFilterHeaders(height: number): void {
    if (height >= this.filterHeight) return;
    this.#filterHeaders.length = height + 1;
    this.#changed.filters = Math.min(this.#changed.filters, height + 1);
    this.#save();
  }

  // Storing

  #load(): void {
    const { params } = this;
    const format = formatOf(params);
    const found = this.#store.get(FORMAT);
    if (found && !equalBytes(found, format)) {
      throw found[0] === FORMAT_VERSION
        ? new ChainError('other-network', `the headers do not belong to ${params.network}`)
        : corrupt(`they have format ${found[0]}, this version reads ${FORMAT_VERSION}`);
    }
    let last: BlockIndex | undefined;
    for (const record of this.#headers.read(this.#store)) last = this.#restore(record, last);
    const tip = this.#store.get(TIP);
    const isWhole = found ? last && tip && equalBytes(last.hash, tip) : !last && !tip;
    if (!isWhole) throw corrupt('they do not lead to their tip');
    const { header, hash } = params.genesis;
    last ??= this.#tree.restore(header, hash, undefined);
    this.#tree.findBestHeader();
    this.#active.setTip(last);
    this.#filterHeaders.push(...this.#filters.read(this.#store));
    if (this.filterHeight > last.height) throw corrupt('there are more filters than headers');
    this.#stored = { headers: found ? last.height + 1 : 0, filters: this.filterHeight + 1 };
    this.#changed = { ...this.#stored };
  }

  #restore(record: Uint8Array, prev: BlockIndex | undefined): BlockIndex {
    const bytes = new Uint8Array(HEADER_SIZE);
    bytes.set(record.subarray(0, 4));
    if (prev) bytes.set(prev.hash, 4);
    bytes.set(record.subarray(4), 36);
    const header = BlockHeader.decode(bytes);
    if (!prev && !equalBytes(header.hash, this.params.genesis.hash)) throw corrupt('they do not begin with genesis');
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

  /** What the store lacks, as one batch, and nothing if it is up to date. */
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
    this.#logger.error({ err: error }, 'the headers cannot be written');
    this.events.emit('failed', { error });
  }

  /** Resolves when all is written. */
  async flush(): Promise<void> {
    this.#save();
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }
}

/** The version, then the hash of genesis. */
function formatOf({ genesis }: ChainParams): Uint8Array {
  return Uint8Array.from([FORMAT_VERSION, ...genesis.hash]);
}
