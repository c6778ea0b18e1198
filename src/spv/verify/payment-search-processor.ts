import { HeaderSync } from '../../p2p/blocks/header-sync.ts';
import { PeerChains } from '../../p2p/blocks/peer-chain.ts';
import type { Peer } from '../../p2p/peer/peer.ts';
import type { PeerParts } from '../../p2p/processing/message-processor.ts';
import { noPartInfo } from '../../p2p/processing/peer-info.ts';
import { namesBlock } from '../../p2p/wire/messages/inventory.ts';
import { MAX_HEADERS } from '../../p2p/wire/protocol.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Random } from '../../platform/random.ts';
import { BlockFetcher } from '../block-fetcher.ts';
import type { HeaderChain } from '../header-chain.ts';
import { headerHandlers, type SpvHandlers } from '../header-handlers.ts';
import { BlockSearch } from './block-search.ts';

export interface SearchPartsModules {
  readonly chain: HeaderChain;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** What is sought: 32 bytes, internal order. */
  readonly txid: Uint8Array;
  /** Told the height down to which the search has come. */
  readonly reached: (height: number) => void;
}

/** What is done with peers to learn their chains, and which block holds a transaction. Nothing is served. */
export interface SearchParts extends PeerParts {
  readonly search: BlockSearch;
  /** Whether the peer has told all headers that it has for us. */
  hasToldChain(peer: Peer): boolean;
}

export function createSearchParts(modules: SearchPartsModules): SearchParts {
  const { chain, txid, reached } = modules;
  const chains = new PeerChains(chain);
  const withChains = { ...modules, chains, params: chain.params };
  const blocks = new BlockFetcher(withChains);
  const search = new BlockSearch(txid, { ...withChains, blocks }, reached);
  const headers = new HeaderSync(withChains, () => blocks.tick());
  const told = new WeakSet<Peer>();

  const handlers: SpvHandlers = {
    ...headerHandlers(headers),
    block: (peer, block) => blocks.received(peer, block),
    cfilter: (peer, message) => search.filter(peer, message),
    headers: (peer, message) => {
      headers.received(peer, message.headers);
      const isLast = message.headers.length < MAX_HEADERS && headers.presyncHeight(peer) === undefined;
      if (isLast) told.add(peer);
      else told.delete(peer);
    },
    merkleblock: (peer, message) => search.merkleBlock(peer, message),
    notfound: (peer, { entries }) => {
      blocks.notFound(peer, entries.filter(namesBlock));
      search.notFound(peer, entries.filter(namesBlock));
    },
  };

  return {
    search,
    hasToldChain: (peer) => told.has(peer),
    followers: [chains, blocks, headers, search],
    dispatch: (peer, command, message) => handlers[command]?.(peer, message),
    info: () => noPartInfo,
    lastAnnouncement: () => 0,
    hasBlocksInFlight: (peer) => blocks.inFlight(peer).length > 0,
    isProtected: () => false,
    get isCatchingUp() {
      return headers.isActive;
    },
    get height() {
      return chain.tip.height;
    },
    get presyncedHeaders() {
      return headers.bestPresyncHeight;
    },
    idle: () => chain.flush(),
  };
}
