import { equalBytes } from '../../bytes/compare.ts';
import { DecodeError } from '../../bytes/errors.ts';
import type { BlockIndex } from '../../chain/tree/block-index.ts';
import type { Peer } from '../../p2p/peer/peer.ts';
import type { CFilterMessage } from '../../p2p/wire/messages/block-filters.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Block } from '../../primitives/block.ts';
import { BASIC_FILTER, filterHash, filterHeader, matchAny } from '../../proofs/block-filter.ts';
import type { BlockFetcher } from '../block-fetcher.ts';
import type { HeaderChain } from '../header-chain.ts';
import { resumePoint } from '../scanner.ts';
import type { Watcher } from '../watcher.ts';

/** Filters per request. */
const RANGE = 200;
/** Bytes of filters to queue while a block is fetched; filters beyond them are requested again. */
const MAX_QUEUED_BYTES = 8_000_000;
/** Milliseconds without a filter after which the peer is disconnected. */
const FILTER_TIMEOUT_MS = 20_000;

/** Modules that a `FilterScanner` uses. */
export interface FilterScannerModules {
  readonly chain: HeaderChain;
  readonly blocks: BlockFetcher;
  readonly clock: Clock;
  /** Returns a peer that has the agreed filters up to a height. */
  source(height: number): Peer | undefined;
}

/** A `getcfilters` request in flight. */
interface FilterRequest {
  readonly peer: Peer;
  readonly to: number;
  /** Height of the next filter. */
  expected: number;
  /** Monotonic milliseconds of the request or the last filter. */
  since: number;
}

/** Counters of a scan by block filters. */
export interface FilterScanCounts {
  /** Filters checked. */
  filters: number;
  /** Blocks fetched because their filter matched or was disputed. */
  blocks: number;
  /** Fetched blocks that do not concern the watcher. */
  falsePositives: number;
}

/**
 * Matches block filters against a watcher's scripts, in chain order, and fetches the matching blocks only. Accepts
 * filters that match the filter headers of `FilterSync`.
 */
export class FilterScanner {
  readonly counts: FilterScanCounts = { filters: 0, blocks: 0, falsePositives: 0 };
  readonly #modules: FilterScannerModules;
  readonly #watcher: Watcher;
  /** Heights of blocks to fetch whether or not their filter matches. */
  readonly #forced = new Set<number>();
  #request: FilterRequest | undefined;
  /** Received filters; the first one is of the block after `#scanned`. */
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #scanned: BlockIndex;
  /** Whether a block is in flight. */
  #fetching = false;
  /** Incremented whenever the scan restarts, so that a block in flight is ignored. */
  #epoch = 0;

  constructor(modules: FilterScannerModules, watcher: Watcher) {
    this.#modules = modules;
    this.#watcher = watcher;
    this.#scanned = watcher.start();
  }

  /** The last scanned block. */
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
      request.peer.disconnect('filter timeout');
    }
    this.step();
  }

  /** Fetches a block whether or not its filter matches: when the scan reaches it, or now if the scan has passed it. */
  force(index: BlockIndex): void {
    this.#forced.add(index.height);
    if (index.height > this.#scanned.height) return;
    void this.#modules.blocks.fetch(index).then((block) => {
      if (!this.#modules.chain.contains(index) || index.height > this.#scanned.height) return;
      // The block may add scripts that later blocks have not been scanned for.
      if (this.#deliver(index, block)) this.discardAfter(index);
    });
  }

  /** Handles a new tip. `fork` is the last block that the old and the new best chain share. */
  tipChanged(fork: BlockIndex, previous: BlockIndex): void {
    for (const height of this.#forced) if (height > fork.height) this.#forced.delete(height);
    // Queued filters may be of disconnected blocks.
    if (fork !== previous) this.#goTo(this.#scanned.height > fork.height ? fork : this.#scanned);
    else this.step();
  }

  /** Marks the blocks above `index` as not scanned, and scans them again. */
  discardAfter(index: BlockIndex): void {
    this.#watcher.rewindTo(index);
    this.rewindTo(index);
  }

  /** Restarts the scan after `index`, or lets it go on if it is below. */
  rewindTo(index: BlockIndex): void {
    this.#goTo(index.height < this.#scanned.height ? index : this.#scanned);
  }

  #goTo(index: BlockIndex): void {
    this.#epoch++;
    this.#fetching = false;
    this.#request = undefined;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#scanned = index;
    this.step();
  }

  /** Requests the next filters or block, unless something is in flight. */
  step(): void {
    if (this.#request || this.#queue.length > 0 || this.#fetching) return;
    const { chain, clock, source } = this.#modules;
    this.#scanned = resumePoint(this.#watcher, this.#scanned, this.#beforeForced);
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

  /** Handles a `cfilter` message; ignores unrequested filters. */
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
      peer.misbehaving(`mismatched filter hash at height ${height}`);
      this.step();
      return;
    }
    request.expected++;
    request.since = clock.monotonic();
    this.#queue.push(filter);
    this.#queuedBytes += filter.length;
    if (request.expected > request.to || this.#queuedBytes > MAX_QUEUED_BYTES) this.#request = undefined;
    this.#processQueue();
  }

  /** Checks queued filters up to the first match. */
  #processQueue(): void {
    while (!this.#fetching && this.#queue.length > 0) {
      const index = this.#modules.chain.atHeight(this.#scanned.height + 1)!;
      const filter = this.#queue.shift()!;
      this.#queuedBytes -= filter.length;
      this.counts.filters++;
      if (this.#forced.has(index.height) || matches(filter, index, this.#watcher.scripts(index))) this.#fetch(index);
      else this.#scanned = index;
    }
    this.step();
  }

  /** The block before the next one to fetch in any case. */
  get #beforeForced(): BlockIndex | undefined {
    const next = Math.min(...[...this.#forced].filter((height) => height > this.#scanned.height));
    return this.#modules.chain.atHeight(next - 1);
  }

  #fetch(index: BlockIndex): void {
    this.#fetching = true;
    const epoch = this.#epoch;
    void this.#modules.blocks.fetch(index).then((block) => {
      if (epoch !== this.#epoch) return;
      this.#fetching = false;
      this.#deliver(index, block);
      this.#scanned = index;
      this.#processQueue();
    });
  }

  #deliver(index: BlockIndex, block: Block): boolean {
    const isOurs = this.#watcher.found(index, block);
    this.counts.blocks++;
    if (!isOurs) this.counts.falsePositives++;
    return isOurs;
  }
}

/** Returns whether a filter matches any script. A malformed filter that all peers agree on counts as a match. */
function matches(filter: Uint8Array, index: BlockIndex, scripts: readonly Uint8Array[]): boolean {
  try {
    if (scripts.length === 0) return false;
    return matchAny(filter, index.hash, scripts);
  } catch (error) {
    if (error instanceof DecodeError) return true;
    throw error;
  }
}
