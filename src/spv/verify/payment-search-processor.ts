import { HeaderSync } from '../../p2p/blocks/headers/header-sync.ts';
import { PeerChains } from '../../p2p/blocks/peer-chain.ts';
import type { Peer } from '../../p2p/peer/peer.ts';
import type { PeerFollower } from '../../p2p/peer/peer-follower.ts';
import type { Handling, Work } from '../../p2p/peer/work.ts';
import type { MessageProcessor, ProcessedCommand } from '../../p2p/processing/message-processor.ts';
import { noPeerStateStats, type PeerStateStats } from '../../p2p/processing/peer-state-stats.ts';
import type { MessageOf } from '../../p2p/wire/messages/index.ts';
import { namesBlock } from '../../p2p/wire/messages/inventory.ts';
import { MAX_HEADERS, ServiceFlag } from '../../p2p/wire/protocol.ts';
import { Emitter } from '../../platform/emitter.ts';
import { BlockFetcher } from '../block-fetcher.ts';
import type { HeaderChain } from '../header-chain.ts';
import { type HeaderFollowerModules, headerHandlers, type SpvHandlers } from '../header-handlers.ts';
import { BlockSearch } from './block-search.ts';

/** Modules that a `PaymentSearchProcessor` uses. */
export interface PaymentSearchModules extends HeaderFollowerModules {
  /** The transaction to find: 32 bytes, internal order. */
  readonly txid: Uint8Array;
  /** Called with the lowest height searched so far. */
  readonly reached: (height: number) => void;
}

/** The message processor of `pier verify`: syncs headers and searches for the block that contains one transaction. */
export class PaymentSearchProcessor implements MessageProcessor {
  readonly events: MessageProcessor['events'] = new Emitter();
  readonly services: bigint;
  readonly requiredServices = ServiceFlag.NETWORK | ServiceFlag.WITNESS;
  readonly relaysTransactions = false;
  readonly followers: readonly PeerFollower[];
  readonly search: BlockSearch;
  readonly #chain: HeaderChain;
  readonly #blocks: BlockFetcher;
  readonly #headers: HeaderSync;
  readonly #handlers: SpvHandlers;
  /** Peers that have sent all their headers. */
  readonly #complete = new WeakSet<Peer>();

  /** `v2Transport`: whether the encrypted transport (BIP324) is offered; default true. */
  constructor({ v2Transport = true }: { readonly v2Transport?: boolean }, modules: PaymentSearchModules) {
    const { chain, txid, reached } = modules;
    this.services = v2Transport ? ServiceFlag.P2P_V2 : 0n;
    const chains = new PeerChains(chain);
    const withChains = { ...modules, chains, params: chain.params };
    const blocks = new BlockFetcher(withChains);
    const search = new BlockSearch(txid, { ...withChains, blocks }, reached);
    const headers = new HeaderSync(withChains, () => blocks.tick());
    this.#handlers = {
      ...headerHandlers(headers),
      block: (peer, block) => blocks.received(peer, block),
      cfilter: (peer, message) => search.filter(peer, message),
      headers: (peer, message) => this.#receivedHeaders(peer, message),
      merkleblock: (peer, message) => search.merkleBlock(peer, message),
      notfound: (peer, { entries }) => {
        const absent = [...entries].filter(namesBlock);
        blocks.notFound(peer, absent);
        search.notFound(peer, absent);
      },
    };
    this.search = search;
    this.#chain = chain;
    this.#blocks = blocks;
    this.#headers = headers;
    this.followers = [chains, blocks, headers, search];
  }

  get startHeight(): number {
    return this.#chain.tip.height;
  }

  /** Height of the last pre-synced header; undefined without a header pre-sync. */
  get presyncedHeaders(): number | undefined {
    return this.#headers.bestPresyncHeight;
  }

  /** Whether the peer has sent all its headers. */
  hasSentChain(peer: Peer): boolean {
    return this.#complete.has(peer);
  }

  process<C extends ProcessedCommand>(peer: Peer, command: C, message: MessageOf<C>): Handling {
    return this.#handlers[command]?.(peer, message);
  }

  stats(): PeerStateStats {
    return noPeerStateStats;
  }

  isTipStale(): boolean {
    return false;
  }

  lastAnnouncement(): number {
    return 0;
  }

  hasBlocksInFlight(peer: Peer): boolean {
    return this.#blocks.inFlight(peer).length > 0;
  }

  isProtected(): boolean {
    return false;
  }

  idle(): Promise<void> {
    return this.#chain.flush();
  }

  *#receivedHeaders(peer: Peer, { headers }: MessageOf<'headers'>): Work {
    yield* this.#headers.received(peer, headers);
    const isLast = headers.length < MAX_HEADERS && this.#headers.presyncHeight(peer) === undefined;
    if (isLast) this.#complete.add(peer);
    else this.#complete.delete(peer);
  }
}
