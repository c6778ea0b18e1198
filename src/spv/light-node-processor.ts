import type { AddressManager } from '../p2p/addresses/address-manager.ts';
import { AddressRelay } from '../p2p/addresses/address-relay.ts';
import { ChainSyncTimeout } from '../p2p/blocks/chain-sync-timeout.ts';
import { HeaderSync } from '../p2p/blocks/header-sync.ts';
import { PeerChains } from '../p2p/blocks/peer-chain.ts';
import type { Peer } from '../p2p/peer/peer.ts';
import type { PartsOptions, PeerFollower, PeerParts } from '../p2p/processing/message-processor.ts';
import { noPartInfo } from '../p2p/processing/peer-info.ts';
import { namesBlock } from '../p2p/wire/messages/inventory.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Random } from '../platform/random.ts';
import { BlockFetcher } from './block-fetcher.ts';
import { BloomScanner } from './bloom/bloom-scanner.ts';
import { FilterSearch } from './filters/filter-search.ts';
import type { HeaderChain } from './header-chain.ts';
import { headerHandlers, type SpvHandlers } from './header-handlers.ts';
import type { Scanner } from './scanner.ts';
import { TxBroadcast } from './tx-broadcast.ts';
import type { TransactionWatcher, Watcher } from './watcher.ts';

/** What looks for the watcher's payments: compact block filters (BIP157), or Bloom filters (BIP37). */
export type Search =
  | { readonly watcher: Watcher; readonly bloom?: false }
  | { readonly watcher: TransactionWatcher; readonly bloom: boolean };

export type SpvPartsModules = Search & CommonModules;

interface CommonModules {
  readonly chain: HeaderChain;
  readonly addresses: AddressManager;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What a light node does with its peers. */
export interface SpvParts extends PeerParts {
  readonly blocks: BlockFetcher;
  readonly broadcast: TxBroadcast;
  readonly scanner: Scanner;
}

/** Follows headers, and fetches what its watcher looks for. It serves nothing. */
export function createSpvParts(options: PartsOptions, modules: SpvPartsModules): SpvParts {
  const { chain } = modules;
  const chains = new PeerChains(chain);
  const withChains = { ...modules, chains, params: chain.params };
  const blocks = new BlockFetcher(withChains);
  const broadcast = new TxBroadcast();
  const scanner: Scanner = modules.bloom
    ? new BloomScanner(withChains, modules.watcher)
    : new FilterSearch({ ...withChains, blocks }, modules.watcher);
  const headers = new HeaderSync(withChains, () => {
    scanner.step();
    blocks.tick();
  });
  const chainSync = new ChainSyncTimeout({ ...withChains, headers });
  const addresses = new AddressRelay(options, modules);
  const unsubscribe = chain.events.on('tip', ({ fork, previous }) => {
    blocks.tipChanged();
    scanner.tipChanged(fork, previous);
  });
  const last: PeerFollower = { close: unsubscribe };
  const inFlight = (peer: Peer) => [...blocks.inFlight(peer), ...(scanner.inFlight?.(peer) ?? [])];

  const handlers: SpvHandlers = {
    ...headerHandlers(headers),
    addr: (peer, message) => addresses.received(peer, message.addresses),
    addrv2: (peer, message) => addresses.received(peer, message.addresses),
    block: (peer, block) => blocks.received(peer, block),
    getdata: (peer, { entries }) => broadcast.serve(peer, entries),
    notfound: (peer, { entries }) => blocks.notFound(peer, entries.filter(namesBlock)),
  };

  return {
    blocks,
    broadcast,
    scanner,
    followers: [chains, blocks, headers, chainSync, scanner, broadcast, addresses, last],
    dispatch(peer, command, message) {
      handlers[command]?.(peer, message);
      scanner.handlers[command]?.(peer, message);
    },
    info(peer) {
      const { enabled, processed, rateLimited } = addresses.info(peer);
      return {
        ...noPartInfo,
        presyncedHeaders: headers.presyncHeight(peer) ?? -1,
        syncedHeaders: chains.get(peer)?.bestKnown?.height ?? -1,
        inFlight: inFlight(peer),
        addressRelay: enabled,
        addressesProcessed: processed,
        addressesRateLimited: rateLimited,
      };
    },
    lastAnnouncement: (peer) => chains.get(peer)?.announcedAt ?? 0,
    hasBlocksInFlight: (peer) => inFlight(peer).length > 0,
    isProtected: (peer) => chainSync.isProtected(peer),
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
