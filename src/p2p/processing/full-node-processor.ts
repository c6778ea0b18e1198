import type { Chain } from '../../chain/chain.ts';
import type { Mempool } from '../../mempool/mempool.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Random } from '../../platform/random.ts';
import type { AddressManager } from '../addresses/address-manager.ts';
import { AddressRelay } from '../addresses/address-relay.ts';
import { BlockAnnouncer } from '../blocks/block-announcer.ts';
import { BlockDownload } from '../blocks/block-download.ts';
import { CatchUp } from '../blocks/catch-up.ts';
import { ChainSyncTimeout } from '../blocks/chain-sync-timeout.ts';
import { CompactDownload } from '../blocks/compact/compact-download.ts';
import { CompactPeers } from '../blocks/compact/compact-peers.ts';
import { ExtraTransactions } from '../blocks/compact/extra-transactions.ts';
import { RecentBlock } from '../blocks/compact/recent-block.ts';
import { HeaderSync } from '../blocks/header-sync.ts';
import { PeerChains } from '../blocks/peer-chain.ts';
import type { Peer } from '../peer/peer.ts';
import { ChainServer } from '../serve/chain-server.ts';
import { DataServer } from '../serve/data-server.ts';
import { FilterServer } from '../serve/filter-server.ts';
import { FeeFilterSender } from '../transactions/fee-filter.ts';
import { TxAnnouncer } from '../transactions/tx-announcer.ts';
import { TxDownload } from '../transactions/tx-download.ts';
import type { Handler, HandlerContext } from './handler-context.ts';
import { handlers } from './handlers/index.ts';
import type { PartsOptions, PeerFollower, PeerParts } from './message-processor.ts';
import type { PartInfo } from './peer-info.ts';

export interface PartsModules {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly addresses: AddressManager;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** All that gives messages a meaning, connected with each other and with the chain. */
export interface Parts extends HandlerContext, PeerParts {
  readonly chains: PeerChains;
}

/** What a node with the whole chain does. */
export function createParts(options: PartsOptions, modules: PartsModules): Parts {
  const { chain } = modules;
  const catchUp = new CatchUp(modules, () => headers.isActive);
  const chains = new PeerChains(chain);
  const withChains = { ...modules, chains };
  const compactPeers = new CompactPeers(options);
  const recent = new RecentBlock(modules);
  const extra = new ExtraTransactions(modules);
  const blocks = new BlockDownload(withChains, {
    mayAskCompact: (peer) => compactPeers.mayAsk(peer),
    delivered: (peer) => compactPeers.delivered(peer),
  });
  const headers = new HeaderSync(withChains, () => {
    blocks.refill();
    feeFilter.update();
  });
  const chainSync = new ChainSyncTimeout({ ...withChains, headers });
  const announcer = new BlockAnnouncer({ ...withChains, catchUp, compactPeers, recent });
  const compactBlocks = new CompactDownload({ ...withChains, extra, peers: compactPeers, blocks, headers });
  const transactions = new TxDownload({ ...modules, extra });
  const txAnnouncer = new TxAnnouncer(options, modules);
  const chainServer = new ChainServer({ ...withChains, recent, txAnnouncer });
  const dataServer = new DataServer({ ...modules, chainServer, txAnnouncer });
  const feeFilter = new FeeFilterSender(options, { ...modules, catchUp });
  const addresses = new AddressRelay(options, modules);

  const subscriptions = [
    chain.events.on('blockConnected', ({ block }) => {
      dataServer.blockConnected(block);
      if (!catchUp.isUnderWay) transactions.blockConnected(block);
    }),
    chain.events.on('blockDisconnected', () => transactions.blockDisconnected()),
    chain.events.on('blockStored', (stored) => announcer.blockStored(stored)),
    chain.events.on('header', () => catchUp.progressed()),
    chain.events.on('tip', (change) => {
      catchUp.progressed();
      announcer.tipChanged(change);
      transactions.tipChanged();
      feeFilter.update();
    }),
  ];
  const unsubscriber: PeerFollower = {
    close() {
      for (const unsubscribe of subscriptions) unsubscribe();
    },
  };

  const parts: Parts = {
    addresses,
    announcer,
    blocks,
    blocksOnly: options.blocksOnly,
    catchUp,
    chains,
    chainServer,
    compactBlocks,
    compactPeers,
    dataServer,
    filterServer: new FilterServer(modules),
    followers: [
      chains,
      compactPeers,
      blocks,
      headers,
      chainSync,
      announcer,
      txAnnouncer,
      transactions,
      feeFilter,
      addresses,
      extra,
      unsubscriber,
    ],
    headers,
    transactions,
    txAnnouncer,
    dispatch: (peer, command, message) => (handlers[command] as Handler<typeof command>)(parts, peer, message),
    info: (peer) => partInfo(parts, peer),
    lastAnnouncement: (peer) => chains.get(peer)?.announcedAt ?? 0,
    hasBlocksInFlight: (peer) => blocks.inFlight(peer).length > 0,
    isProtected: (peer) => chainSync.isProtected(peer),
    get isCatchingUp() {
      return catchUp.isUnderWay;
    },
    get height() {
      return chain.tip.height;
    },
    get presyncedHeaders() {
      return headers.bestPresyncHeight;
    },
    idle: () => blocks.idle(),
  };
  return parts;
}

function partInfo(parts: Parts, peer: Peer): PartInfo {
  const addressRelay = parts.addresses.info(peer);
  return {
    relaysTransactions: parts.txAnnouncer.relays(peer),
    hasBloomFilter: parts.txAnnouncer.filter(peer) !== undefined,
    lastTransaction: parts.transactions.lastTxTime(peer),
    lastBlock: parts.blocks.lastBlockTime(peer),
    presyncedHeaders: parts.headers.presyncHeight(peer) ?? -1,
    syncedHeaders: parts.chains.get(peer)?.bestKnown?.height ?? -1,
    syncedBlocks: parts.blocks.lastCommon(peer)?.height ?? -1,
    inFlight: parts.blocks.inFlight(peer),
    highBandwidthTo: parts.compactPeers.announcesToUs(peer),
    highBandwidthFrom: parts.compactPeers.wantsAnnouncements(peer),
    addressRelay: addressRelay.enabled,
    addressesProcessed: addressRelay.processed,
    addressesRateLimited: addressRelay.rateLimited,
    minFeeFilter: parts.txAnnouncer.feeFilter(peer),
  };
}
