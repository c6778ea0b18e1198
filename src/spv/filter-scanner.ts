import { equalBytes } from '../bytes/compare.ts';
import { DecodeError } from '../bytes/errors.ts';
import type { BlockIndex } from '../chain/block-index.ts';
import type { CFilterMessage } from '../p2p/messages/cfilter.ts';
import type { Peer } from '../p2p/peer.ts';
import type { PeerChains } from '../p2p/peer-chain.ts';
import { ServiceFlag } from '../p2p/protocol.ts';
import type { Clock } from '../platform/clock.ts';
import type { Block } from '../primitives/block.ts';
import { BASIC_FILTER, filterHash, filterHeader, matchAny } from '../proofs/block-filter.ts';
import type { BlockFetcher } from './block-fetcher.ts';
import type { HeaderChain } from './header-chain.ts';
import type { Watcher } from './watcher.ts';

/** Filters asked for at a time. */
const RANGE = 200;
/** Bytes of filters that wait for a block; those behind them are asked for again. */
const MAX_WAITING_BYTES = 8_000_000;
/** Milliseconds without a filter after which another peer is asked. */
const FILTER_TIMEOUT_MS = 20_000;

export interface FilterScannerModules {
  readonly chain: HeaderChain;
  readonly chains: PeerChains;
  readonly blocks: BlockFetcher;
  readonly clock: Clock;
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
  readonly #peers = new Set<Peer>();
  /** Blocks to look at whatever their filter says. */
  readonly #forced = new Set<number>();
  #request: Request | undefined;
  /** Filters that have come, the first of them of the block behind the last one that was scanned. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #scanned: BlockIndex;
  /** A block is being fetched. Its number changes whenever the scan is set back, so that an old one counts no more. */
  #fetching = false;
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

  peerReady(peer: Peer): void {
    if ((peer.services & ServiceFlag.COMPACT_FILTERS) !== 0n) this.#peers.add(peer);
    this.step();
  }

  peerClosed(peer: Peer): void {
    this.#peers.delete(peer);
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

  /** The block at this height is looked at even if its filter does not match, also if its turn is over. */
  force(height: number): void {
    const { chain, blocks } = this.#modules;
    const index = chain.atHeight(height)!;
    if (height > this.#scanned.height) this.#forced.add(height);
    else void blocks.fetch(index).then((block) => this.#show(index, block));
  }

  /** The best chain has moved; `fork` is the last block that it shares with the one before. */
  tipChanged(fork: BlockIndex): void {
    if (this.#scanned.height > fork.height) this.setBack(fork);
    else if (this.#request && this.#request.to > fork.height) this.setBack(this.#scanned);
    else this.step();
  }

  /** Goes on from `index`, which lies before what was scanned, or is on another branch. */
  setBack(index: BlockIndex): void {
    this.#epoch++;
    this.#fetching = false;
    this.#request = undefined;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#scanned = index;
    this.step();
  }

  /** Asks for the next filters that are wanted and known of. */
  step(): void {
    if (this.#request || this.#waiting.length > 0 || this.#fetching) return;
    const { chain, clock } = this.#modules;
    const skipped = this.#watcher.skip?.(this.#scanned) ?? this.#scanned;
    if (skipped !== this.#scanned) this.#settle(skipped);
    const from = this.#scanned.height + 1;
    const to = Math.min(chain.filterHeight, this.#scanned.height + RANGE);
    if (to < from) return;
    const stop = chain.atHeight(to)!;
    const peer = this.#choose(stop);
    if (!peer) return;
    this.#request = { peer, to, expected: from, since: clock.monotonic() };
    peer.send('getcfilters', { filterType: BASIC_FILTER, startHeight: from, stopHash: stop.hash });
  }

  #choose(stop: BlockIndex): Peer | undefined {
    for (const peer of this.#peers) if (this.#modules.chains.get(peer)?.hasBlock(stop) === true) return peer;
    return undefined;
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
    const { chain, blocks } = this.#modules;
    while (!this.#fetching && this.#waiting.length > 0) {
      const index = chain.atHeight(this.#scanned.height + 1)!;
      const filter = this.#waiting.shift()!;
      this.#waitingBytes -= filter.length;
      this.counts.filters++;
      if (!this.#forced.has(index.height) && !matches(filter, index, this.#watcher.scripts())) {
        this.#scanned = index;
        continue;
      }
      this.#fetching = true;
      const epoch = this.#epoch;
      void blocks.fetch(index).then((block) => {
        if (epoch !== this.#epoch) return;
        this.#fetching = false;
        this.#forced.delete(index.height);
        this.#show(index, block);
        this.#scanned = index;
        this.#look();
      });
    }
    if (this.#waiting.length > 0 || this.#request || this.#fetching) return;
    this.#settle(this.#scanned);
    this.step();
  }

  #show(index: BlockIndex, block: Block): void {
    if (!this.#modules.chain.contains(index)) return;
    this.counts.blocks++;
    if (!this.#watcher.found(index, block)) this.counts.falsePositives++;
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
