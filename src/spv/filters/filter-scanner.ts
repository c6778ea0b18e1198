import { equalBytes } from '../../bytes/compare.ts';
import { DecodeError } from '../../bytes/errors.ts';
import type { BlockIndex } from '../../chain/tree/block-index.ts';
import type { Peer } from '../../p2p/peer/peer.ts';
import type { CFilterMessage } from '../../p2p/wire/messages/cfilter.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Block } from '../../primitives/block.ts';
import { BASIC_FILTER, filterHash, filterHeader, matchAny } from '../../proofs/block-filter.ts';
import type { BlockFetcher } from '../block-fetcher.ts';
import type { HeaderChain } from '../header-chain.ts';
import type { Watcher } from '../watcher.ts';

/** Filters asked for at a time. */
const RANGE = 200;
/** Bytes of filters that wait for a block; those behind them are asked for again. */
const MAX_WAITING_BYTES = 8_000_000;
/** Milliseconds without a filter after which another peer is asked. */
const FILTER_TIMEOUT_MS = 20_000;

export interface FilterScannerModules {
  readonly chain: HeaderChain;
  readonly blocks: BlockFetcher;
  readonly clock: Clock;
  /** A peer whose filters up to a height are to be had and have the agreed hashes. */
  source(height: number): Peer | undefined;
}

/** What one round of filters is about. */
interface Request {
  readonly peer: Peer;
  readonly to: number;
  /** The height whose filter has to come next. */
  expected: number;
  /** By the monotonic clock, of the question or of the last filter. */
  since: number;
}

export interface ScanCounts {
  /** Filters that were looked at. */
  filters: number;
  /** Blocks that were fetched because their filter matched, or because peers disagreed about it. */
  blocks: number;
  /** Those of them that hold nothing of the wallet's. */
  falsePositives: number;
}

/**
 * Looks through the blocks' filters, in the order of the chain, for the scripts of a watcher, and fetches the blocks that
 * match, only these. Filters are believed if they have the hash that `FilterSync` has found.
 */
export class FilterScanner {
  readonly counts: ScanCounts = { filters: 0, blocks: 0, falsePositives: 0 };
  readonly #modules: FilterScannerModules;
  readonly #watcher: Watcher;
  /** Blocks to look at without a filter. */
  readonly #forced = new Set<number>();
  #request: Request | undefined;
  /** Filters that have come, the first of them of the block behind the last one that was scanned. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #scanned: BlockIndex;
  /** A block is being fetched. */
  #fetching = false;
  /** Changes whenever the scan is set back, so that a block that was being fetched counts no more. */
  #epoch = 0;

  constructor(modules: FilterScannerModules, watcher: Watcher) {
    this.#modules = modules;
    this.#watcher = watcher;
    this.#scanned = watcher.start();
  }

  /** The last block that was looked at. */
  get scanned(): BlockIndex {
    return this.#scanned;
  }

  peerClosed(peer: Peer): void {
    if (this.#request?.peer === peer) this.#request = undefined;
    this.step();
  }

  tick(): void {
    const request = this.#request;
    if (request && this.#modules.clock.monotonic() - request.since > FILTER_TIMEOUT_MS) {
      request.peer.disconnect('does not send filters in time');
    }
    this.step();
  }

  /** This block is looked at whatever filter it is said to have; if it was passed by before, now. */
  force(index: BlockIndex): void {
    this.#forced.add(index.height);
    if (index.height > this.#scanned.height) return;
    void this.#modules.blocks.fetch(index).then((block) => {
      if (!this.#modules.chain.contains(index) || index.height > this.#scanned.height) return;
      // What it holds may have made new scripts, for which the blocks behind it have not been searched.
      if (this.#show(index, block)) this.setBack(index);
    });
  }

  /** The best chain has moved; `fork` is the last block that it shares with the one before. */
  tipChanged(fork: BlockIndex, previous: BlockIndex): void {
    for (const height of this.#forced) if (height > fork.height) this.#forced.delete(height);
    // Filters that wait may be of blocks that are lost.
    if (fork !== previous) this.#goTo(this.#scanned.height > fork.height ? fork : this.#scanned);
    else this.step();
  }

  /** Looks again at all blocks behind `index`. */
  setBack(index: BlockIndex): void {
    this.#watcher.setBack(index);
    this.#goTo(index);
  }

  #goTo(index: BlockIndex): void {
    this.#epoch++;
    this.#fetching = false;
    this.#request = undefined;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#scanned = index;
    this.step();
  }

  /** Asks for what is wanted next. */
  step(): void {
    if (this.#request || this.#waiting.length > 0 || this.#fetching) return;
    const { chain, clock, source } = this.#modules;
    const skipped = this.#watcher.skip?.(this.#scanned) ?? this.#scanned;
    if (skipped !== this.#scanned) this.#settle(skipped);
    const from = this.#scanned.height + 1;
    const last = Math.min(chain.filterHeight, this.#scanned.height + RANGE);
    if (last < from) return;
    if (this.#forced.has(from)) {
      this.#fetch(chain.atHeight(from)!);
      return;
    }
    let to = from;
    while (to < last && !this.#forced.has(to + 1)) to++;
    const peer = source(to);
    if (!peer) return;
    this.#request = { peer, to, expected: from, since: clock.monotonic() };
    peer.send('getcfilters', { filterType: BASIC_FILTER, startHeight: from, stopHash: chain.atHeight(to)!.hash });
  }

  /** Takes a filter that was asked for; ignores any other. */
  received(peer: Peer, { blockHash, filter }: CFilterMessage): void {
    const request = this.#request;
    if (request?.peer !== peer) return;
    const { chain, clock } = this.#modules;
    const height = request.expected;
    const header = chain.filterHeader(height);
    const previous = chain.filterHeader(height - 1);
    if (!header || !previous || !equalBytes(blockHash, chain.atHeight(height)!.hash)) return;
    if (!equalBytes(filterHeader(previous, filterHash(filter)), header)) {
      this.#request = undefined;
      peer.misbehaving(`a filter of block ${height} with another hash than was told`);
      this.step();
      return;
    }
    request.expected++;
    request.since = clock.monotonic();
    this.#waiting.push(filter);
    this.#waitingBytes += filter.length;
    if (request.expected > request.to || this.#waitingBytes > MAX_WAITING_BYTES) this.#request = undefined;
    this.#look();
  }

  /** Looks at the filters that wait, up to one that matches. */
  #look(): void {
    while (!this.#fetching && this.#waiting.length > 0) {
      const index = this.#modules.chain.atHeight(this.#scanned.height + 1)!;
      const filter = this.#waiting.shift()!;
      this.#waitingBytes -= filter.length;
      this.counts.filters++;
      if (this.#forced.has(index.height) || matches(filter, index, this.#watcher.scripts())) this.#fetch(index);
      else this.#scanned = index;
    }
    if (this.#waiting.length > 0 || this.#request || this.#fetching) return;
    this.#settle(this.#scanned);
    this.step();
  }

  #fetch(index: BlockIndex): void {
    this.#fetching = true;
    const epoch = this.#epoch;
    void this.#modules.blocks.fetch(index).then((block) => {
      if (epoch !== this.#epoch) return;
      this.#fetching = false;
      this.#show(index, block);
      this.#scanned = index;
      this.#look();
    });
  }

  #show(index: BlockIndex, block: Block): boolean {
    const isOurs = this.#watcher.found(index, block);
    this.counts.blocks++;
    if (!isOurs) this.counts.falsePositives++;
    return isOurs;
  }

  #settle(index: BlockIndex): void {
    this.#scanned = index;
    this.#watcher.scanned(index);
  }
}

/** A filter that is none, but whose hash all peers tell, may hold anything. */
function matches(filter: Uint8Array, index: BlockIndex, scripts: readonly Uint8Array[]): boolean {
  try {
    return matchAny(filter, index.hash, scripts);
  } catch (error) {
    if (error instanceof DecodeError) return true;
    throw error;
  }
}
