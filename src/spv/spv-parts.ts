import type { AddressManager } from '../p2p/address-manager.ts';
import { AddressRelay } from '../p2p/address-relay.ts';
import { HeaderSync } from '../p2p/header-sync.ts';
import type { Command, MessageOf } from '../p2p/messages/index.ts';
import { namesBlock } from '../p2p/messages/inventory.ts';
import type { Peer } from '../p2p/peer.ts';
import { PeerChains } from '../p2p/peer-chain.ts';
import { noPartInfo } from '../p2p/peer-info.ts';
import type { PartsOptions, PeerFollower, PeerParts } from '../p2p/peer-parts.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Random } from '../platform/random.ts';
import { BlockFetcher } from './block-fetcher.ts';
import { FilterScanner } from './filter-scanner.ts';
import { FilterSync } from './filter-sync.ts';
import type { HeaderChain } from './header-chain.ts';
import { TxBroadcast } from './tx-broadcast.ts';
import type { Watcher } from './watcher.ts';

export interface SpvPartsModules {
  readonly chain: HeaderChain;
  readonly watcher: Watcher;
  readonly addresses: AddressManager;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What is done on a message; whatever is not here means nothing to a light node. */
type SpvHandlers = { readonly [C in Command]?: (peer: Peer, message: MessageOf<C>) => void };

/** What a light node does with its peers. */
export interface SpvParts extends PeerParts {
  readonly blocks: BlockFetcher;
  readonly broadcast: TxBroadcast;
  readonly filters: FilterSync;
  readonly scanner: FilterScanner;
}

/** Follows headers, agrees with all peers about filters, and fetches what its watcher looks for. It serves nothing. */
export function createSpvParts(options: PartsOptions, modules: SpvPartsModules): SpvParts {
  const { chain } = modules;
  const chains = new PeerChains(chain);
  const withChains = { ...modules, chains, params: chain.params };
  const blocks = new BlockFetcher(withChains);
  const broadcast = new TxBroadcast();
  const withBlocks = { ...withChains, blocks };
  const scanner: FilterScanner = new FilterScanner(withBlocks, modules.watcher);
  const filters = new FilterSync(withBlocks, {
    agreed: () => scanner.step(),
    disputed: (height) => scanner.force(height),
    revoked: (height) => scanner.setBack(chain.atHeight(Math.min(height - 1, scanner.scanned.height))!),
  });
  const headers = new HeaderSync(withChains, () => {
    filters.step();
    scanner.step();
    blocks.tick();
  });
  const addresses = new AddressRelay(options, modules);
  const unsubscribe = chain.events.on('tip', ({ fork, previous }) => {
    filters.tipChanged(fork, previous);
    scanner.tipChanged(fork);
  });
  const last: PeerFollower = { close: unsubscribe };

  const handlers: SpvHandlers = {
    addr: (peer, message) => addresses.received(peer, message.addresses),
    addrv2: (peer, message) => addresses.received(peer, message.addresses),
    block: (peer, block) => blocks.received(peer, block),
    cfcheckpt: (peer, message) => filters.checkpoints(peer, message),
    cfheaders: (peer, message) => filters.hashes(peer, message),
    cfilter: (peer, message) => {
      // What a dispute asks for, the scan may have asked for as well.
      filters.filter(peer, message);
      scanner.received(peer, message);
    },
    getdata: (peer, { entries }) => broadcast.serve(peer, entries),
    headers: (peer, message) => headers.received(peer, message.headers),
    inv: (peer, { entries }) => {
      const block = entries.findLast(namesBlock);
      if (block) headers.announced(peer, block.hash);
    },
    notfound: (peer, { entries }) => blocks.notFound(peer, entries.filter(namesBlock)),
    ping: (peer, { nonce }) => {
      if (nonce !== undefined) peer.send('pong', { nonce });
    },
    pong: (peer, { nonce }) => peer.keepAlive.pong(nonce),
  };

  return {
    blocks,
    broadcast,
    filters,
    scanner,
    followers: [chains, blocks, headers, filters, scanner, broadcast, addresses, last],
    dispatch: (peer, command, message) => handlers[command]?.(peer, message),
    info(peer) {
      const { enabled, processed, rateLimited } = addresses.info(peer);
      return {
        ...noPartInfo,
        presyncedHeaders: headers.presyncHeight(peer) ?? -1,
        syncedHeaders: chains.get(peer)?.bestKnown?.height ?? -1,
        inFlight: blocks.inFlight(peer),
        addressRelay: enabled,
        addressesProcessed: processed,
        addressesRateLimited: rateLimited,
      };
    },
    lastAnnouncement: (peer) => chains.get(peer)?.announcedAt ?? 0,
    hasBlocksInFlight: (peer) => blocks.inFlight(peer).length > 0,
    get isCatchingUp() {
      return headers.isActive || scanner.scanned !== chain.tip;
    },
    get height() {
      return scanner.scanned.height;
    },
    get presyncedHeaders() {
      return headers.bestPresyncHeight;
    },
    idle: () => chain.flush(),
  };
}
