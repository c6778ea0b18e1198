import type { BlockFilters, Chain } from '../../chain/chain.ts';
import type { BlockIndex } from '../../chain/tree/block-index.ts';
import type { Clock } from '../../platform/clock.ts';
import { BASIC_FILTER, NO_FILTER_HEADER } from '../../proofs/block-filter.ts';
import type { Peer } from '../peer/peer.ts';
import type { FilterRangeMessage, GetCFCheckptMessage } from '../wire/messages/block-filters.ts';
import { FILTER_CHECKPOINT_INTERVAL, MAX_FILTER_HASHES, MAX_FILTERS } from '../wire/protocol.ts';
import { isBlockRequestAllowed } from './block-request-allowed.ts';

/** Blocks answered for before others get their turn. */
const SLICE = 100;

export interface FilterServerModules {
  readonly chain: Chain;
  readonly clock: Clock;
}

/** What a request is about: these blocks, each the child of the one before. */
interface FilterRequest {
  readonly filters: BlockFilters;
  readonly blocks: readonly BlockIndex[];
}

/**
 * Answers questions about block filters (BIP157), while their sender's further messages wait. Like Core, disconnects who
 * asks for what cannot be, and leaves unanswered what is not indexed yet.
 */
export class FilterServer {
  readonly #chain: Chain;
  readonly #clock: Clock;

  constructor(modules: FilterServerModules) {
    this.#chain = modules.chain;
    this.#clock = modules.clock;
  }

  /** Sends filters one after the other, as fast as the peer takes them. */
  async getFilters(peer: Peer, message: FilterRangeMessage): Promise<void> {
    const request = this.#judge(peer, message, MAX_FILTERS);
    if (!request) return;
    const { filterType } = message;
    for (const [i, index] of request.blocks.entries()) {
      if (i % SLICE === 0) await this.#breathe();
      await peer.uncongested();
      if (peer.isClosed) return;
      const filter = request.filters.filter(index);
      if (!filter) return;
      peer.send('cfilter', { filterType, blockHash: index.hash, filter });
    }
  }

  async getFilterHashes(peer: Peer, message: FilterRangeMessage): Promise<void> {
    const request = this.#judge(peer, message, MAX_FILTER_HASHES);
    if (!request) return;
    const { filters, blocks } = request;
    const filterHashes: Uint8Array[] = [];
    for (const [i, index] of blocks.entries()) {
      if (i % SLICE === 0) await this.#breathe();
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

  async getCheckpoints(peer: Peer, message: GetCFCheckptMessage): Promise<void> {
    const request = this.#find(peer, message);
    if (!request) return;
    await this.#breathe();
    const { filters, stop } = request;
    const filterHeaders: Uint8Array[] = [];
    for (let height = FILTER_CHECKPOINT_INTERVAL; height <= stop.height; height += FILTER_CHECKPOINT_INTERVAL) {
      const commitment = filters.commitment(stop.ancestor(height)!);
      if (!commitment) return;
      filterHeaders.push(commitment.header);
    }
    const { filterType, stopHash } = message;
    peer.send('cfcheckpt', { filterType, stopHash, filterHeaders });
  }

  /** Undefined where there is nothing to answer, or the peer has been disconnected. */
  #judge(peer: Peer, { startHeight, ...message }: FilterRangeMessage, max: number): FilterRequest | undefined {
    const request = this.#find(peer, message);
    if (!request) return undefined;
    const { filters, stop } = request;
    if (startHeight > stop.height || stop.height - startHeight >= max) {
      peer.disconnect(`asked for block filters from height ${startHeight} to ${stop.height}`);
      return undefined;
    }
    // Where it is indexed, so are those before it.
    if (!filters.commitment(stop)) return undefined;
    const blocks: BlockIndex[] = [];
    for (let at: BlockIndex | undefined = stop; at && at.height >= startHeight; at = at.prev) blocks.push(at);
    return { filters, blocks: blocks.reverse() };
  }

  /** The rules that all three requests share (Core: PrepareBlockFilterRequest). */
  #find(peer: Peer, { filterType, stopHash }: GetCFCheckptMessage) {
    const filters = this.#chain.blockFilters;
    if (!filters || filterType !== BASIC_FILTER) {
      peer.disconnect(`asked for block filters of type ${filterType}, which we do not offer`);
      return undefined;
    }
    const stop = this.#chain.getIndex(stopHash);
    if (!stop || !isBlockRequestAllowed(this.#chain, stop)) {
      peer.disconnect('asked for block filters up to a block that we do not have');
      return undefined;
    }
    return { filters, stop };
  }

  /** Lets others have their turn. */
  #breathe(): Promise<void> {
    return new Promise((resolve) => this.#clock.after(0, resolve));
  }
}
