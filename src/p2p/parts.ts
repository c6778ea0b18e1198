import type { Chain } from '../chain/chain.ts';
import type { Mempool } from '../mempool/mempool.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Random } from '../platform/random.ts';
import type { AddressManager } from './address-manager.ts';
import { AddressRelay } from './address-relay.ts';
import { BlockAnnouncer } from './block-announcer.ts';
import { BlockDownload } from './block-download.ts';
import { CatchUp } from './catch-up.ts';
import { ChainServer } from './chain-server.ts';
import { CompactDownload } from './compact-download.ts';
import { CompactPeers } from './compact-peers.ts';
import type { Endpoint } from './connection.ts';
import type { HandlerContext } from './context.ts';
import { DataServer } from './data-server.ts';
import { ExtraTransactions } from './extra-transactions.ts';
import { FeeFilterSender } from './fee-filter.ts';
import { HeaderSync } from './header-sync.ts';
import type { Peer } from './peer.ts';
import { PeerChains } from './peer-chain.ts';
import { RecentBlock } from './recent-block.ts';
import { TxAnnouncer } from './tx-announcer.ts';
import { TxDownload } from './tx-download.ts';

export interface PartsOptions {
  /** Bits of `ServiceFlag` that we offer. */
  readonly services: bigint;
  readonly blocksOnly: boolean;
  /** Whether transactions are announced after random delays. */
  readonly trickle: boolean;
  /** Where we listen, if we do. */
  ownEndpoint(): Endpoint | undefined;
  /** Whether nothing is to be heard or told of an endpoint: discouraged, or banned. */
  isRefused(endpoint: Endpoint): boolean;
  /** Called when there are new addresses. */
  addressesLearned(): void;
}

export interface PartsModules {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly addresses: AddressManager;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** A part that follows the peers' coming and going. */
export interface PeerFollower {
  /** The handshake is done. */
  peerReady?(peer: Peer): void;
  /** The connection has ended, its handshake done or not. */
  peerClosed?(peer: Peer): void;
  /** Called about once a second. */
  tick?(): void;
  close?(): void;
}

/** All that gives messages a meaning, connected with each other and with the chain. */
export interface Parts extends HandlerContext {
  readonly chains: PeerChains;
  /** In the order in which they are to be told. */
  readonly followers: readonly PeerFollower[];
}

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
  const announcer = new BlockAnnouncer({ ...withChains, catchUp, compactPeers, recent });
  const compactBlocks = new CompactDownload({ ...withChains, extra, peers: compactPeers, blocks, headers });
  const chainServer = new ChainServer({ ...withChains, recent });
  const transactions = new TxDownload({ ...modules, extra });
  const txAnnouncer = new TxAnnouncer(options, modules);
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

  return {
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
    followers: [
      chains,
      compactPeers,
      blocks,
      headers,
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
  };
}
