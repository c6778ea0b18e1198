import type { BlockFilters, Chain } from '../../chain/chain.ts';
import type { BlockIndex } from '../../chain/tree/block-index.ts';
import type { Clock } from '../../platform/clock.ts';
import { BASIC_FILTER, NO_FILTER_HEADER } from '../../proofs/block-filter.ts';
import type { Peer } from '../peer/peer.ts';
import type { Work } from '../peer/work.ts';
import type { FilterRangeMessage, GetCFCheckptMessage } from '../wire/messages/block-filters.ts';
import { FILTER_CHECKPOINT_INTERVAL, MAX_FILTER_HASHES, MAX_FILTERS, ServiceFlag } from '../wire/protocol.ts';
import { isBlockRequestAllowed } from './block-request-allowed.ts';

/** Filters between two pauses. */
const PAUSE_INTERVAL = 100;

/** Modules that a `FilterServer` uses. */
export interface FilterServerModules {
  readonly chain: Chain;
  /** Bits of `ServiceFlag` that the node offers. */
  readonly services: bigint;
  readonly clock: Clock;
}

/** A checked request: the blocks whose filters are requested, by ascending height. */
interface FilterRequest {
  readonly filters: BlockFilters;
  readonly blocks: readonly BlockIndex[];
}

/**
 * Serves block filters (BIP157): answers `getcfilters`, `getcfheaders` and `getcfcheckpt`. The peer's next message
 * waits until the answer is sent. As in Core, an invalid request disconnects the peer, and a request for blocks that
 * are not indexed yet gets no answer.
 */
export class FilterServer {
  readonly #chain: Chain;
  readonly #clock: Clock;
  readonly #isOffered: boolean;

  constructor(modules: FilterServerModules) {
    this.#chain = modules.chain;
    this.#isOffered = (modules.services & ServiceFlag.COMPACT_FILTERS) !== 0n;
    this.#clock = modules.clock;
  }

  /** Answers `getcfilters` with one `cfilter` per block, as fast as the peer reads. */
  *getFilters(peer: Peer, message: FilterRangeMessage): Work {
    const request = this.#prepareRange(peer, message, MAX_FILTERS);
    if (!request) return;
    const { filterType } = message;
    for (const [i, index] of request.blocks.entries()) {
      // Many small answers: other peers' requests come in between, whatever a slice lasts.
      yield i % PAUSE_INTERVAL === PAUSE_INTERVAL - 1 ? this.#pause() : undefined;
      const filter = request.filters.filter(index);
      if (!filter) return;
      peer.send('cfilter', { filterType, blockHash: index.hash, filter });
    }
  }

  /** Answers `getcfheaders`. */
  *getFilterHashes(peer: Peer, message: FilterRangeMessage): Work {
    const request = this.#prepareRange(peer, message, MAX_FILTER_HASHES);
    if (!request) return;
    const { filters, blocks } = request;
    const filterHashes: Uint8Array[] = [];
    for (const index of blocks) {
      yield;
      const commitment = filters.commitment(index);
      if (!commitment) return;
      filterHashes.push(commitment.hash);
    }
    const before = blocks[0]!.prev;
    const previousHeader = before ? filters.commitment(before)?.header : NO_FILTER_HEADER;
    if (previousHeader) {
      const { filterType, stopHash } = message;
      peer.send('cfheaders', { filterType, stopHash, previousHeader, filterHashes });
    }
  }

  /** Answers `getcfcheckpt`. */
  *getCheckpoints(peer: Peer, message: GetCFCheckptMessage): Work {
    const request = this.#prepare(peer, message);
    if (!request) return;
    const { filters, stop } = request;
    const filterHeaders: Uint8Array[] = [];
    for (let height = FILTER_CHECKPOINT_INTERVAL; height <= stop.height; height += FILTER_CHECKPOINT_INTERVAL) {
      yield;
      const commitment = filters.commitment(stop.ancestor(height)!);
      if (!commitment) return;
      filterHeaders.push(commitment.header);
    }
    const { filterType, stopHash } = message;
    peer.send('cfcheckpt', { filterType, stopHash, filterHeaders });
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#clock.after(0, resolve));
  }

  /** Checks a request for a range of blocks; undefined if the peer was disconnected or the range is not indexed. */
  #prepareRange(peer: Peer, { startHeight, ...message }: FilterRangeMessage, max: number): FilterRequest | undefined {
    const request = this.#prepare(peer, message);
    if (!request) return undefined;
    const { filters, stop } = request;
    if (startHeight > stop.height || stop.height - startHeight >= max) {
      peer.disconnect(`invalid block filter range: ${startHeight} to ${stop.height}`);
      return undefined;
    }
    // If the stop block is indexed, so are its ancestors.
    if (!filters.commitment(stop)) return undefined;
    const blocks: BlockIndex[] = [];
    for (let at: BlockIndex | undefined = stop; at && at.height >= startHeight; at = at.prev) blocks.push(at);
    return { filters, blocks: blocks.reverse() };
  }

  /** Checks what all three requests share (Core: PrepareBlockFilterRequest). */
  #prepare(peer: Peer, { filterType, stopHash }: GetCFCheckptMessage) {
    const filters = this.#chain.blockFilters;
    if (!filters || !this.#isOffered || filterType !== BASIC_FILTER) {
      peer.disconnect(`unsupported block filter type ${filterType}`);
      return undefined;
    }
    const stop = this.#chain.getIndex(stopHash);
    if (!stop || !isBlockRequestAllowed(this.#chain, stop)) {
      peer.disconnect('unknown block filter stop hash');
      return undefined;
    }
    return { filters, stop };
  }
}
