import type { Chain } from '../../chain/chain.ts';
import type { Mempool } from '../../mempool/mempool.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Random } from '../../platform/random.ts';
import type { Peer } from '../peer/peer.ts';
import type { PeerFollower } from '../peer/peer-follower.ts';
import { BlockAnnouncer } from './block-announcer.ts';
import { BlockDownload } from './block-download.ts';
import { CatchUp } from './catch-up.ts';
import { ChainSyncTimeout } from './chain-sync-timeout.ts';
import { CompactDownload } from './compact/compact-download.ts';
import { CompactPeers } from './compact/compact-peers.ts';
import { ExtraTransactions } from './compact/extra-transactions.ts';
import { RecentBlock } from './compact/recent-block.ts';
import { HeaderSync } from './headers/header-sync.ts';
import { PeerChains } from './peer-chain.ts';
import { StaleTip } from './stale-tip.ts';

/** Modules that a `BlockRelay` uses. */
export interface BlockRelayModules {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** The parts of a full node's block relay: header sync, block download, compact blocks and announcements. */
export class BlockRelay {
  readonly announcer: BlockAnnouncer;
  readonly blocks: BlockDownload;
  readonly catchUp: CatchUp;
  readonly chains: PeerChains;
  readonly chainSync: ChainSyncTimeout;
  readonly compactBlocks: CompactDownload;
  readonly compactPeers: CompactPeers;
  readonly extra: ExtraTransactions;
  readonly headers: HeaderSync;
  readonly recent: RecentBlock;
  readonly #chain: Chain;
  readonly #staleTip: StaleTip;
  readonly #subscriptions: readonly (() => void)[];

  /** `headersReceived` is called after each response to `getheaders`. */
  constructor(options: { readonly blocksOnly: boolean }, modules: BlockRelayModules, headersReceived: () => void) {
    const { chain } = modules;
    const chains = new PeerChains(chain);
    const catchUp = new CatchUp(modules, () => this.headers.isActive);
    const compactPeers = new CompactPeers(options);
    const recent = new RecentBlock(modules);
    const extra = new ExtraTransactions(modules);
    const blocks = new BlockDownload(
      { ...modules, chains },
      {
        mayRequestCompact: (peer) => compactPeers.mayRequest(peer),
        delivered: (peer) => compactPeers.delivered(peer),
      },
    );
    const headers = new HeaderSync({ ...modules, chains }, () => {
      blocks.refill();
      headersReceived();
    });
    this.chainSync = new ChainSyncTimeout({ ...modules, chains, headers });
    this.announcer = new BlockAnnouncer({ ...modules, chains, catchUp, compactPeers, recent });
    this.compactBlocks = new CompactDownload({ ...modules, chains, extra, peers: compactPeers, blocks, headers });
    this.blocks = blocks;
    this.catchUp = catchUp;
    this.chains = chains;
    this.compactPeers = compactPeers;
    this.extra = extra;
    this.headers = headers;
    this.recent = recent;
    this.#chain = chain;
    this.#staleTip = new StaleTip(modules);
    this.#subscriptions = [
      chain.events.on('blockStored', (stored) => this.announcer.blockStored(stored)),
      chain.events.on('header', () => catchUp.progressed()),
      chain.events.on('tip', (change) => {
        catchUp.progressed();
        this.announcer.tipChanged(change);
      }),
    ];
  }

  /** Components that follow peers, in call order. */
  get followers(): readonly PeerFollower[] {
    const { chains, compactPeers, blocks, headers, chainSync, announcer } = this;
    return [chains, compactPeers, blocks, headers, chainSync, announcer, this.extra, this];
  }

  /** Whether missing blocks are expected from peers. */
  get isCatchingUp(): boolean {
    return this.catchUp.isActive;
  }

  /** Height of the tip. */
  get height(): number {
    return this.#chain.tip.height;
  }

  /** Height of the best header. */
  get headerHeight(): number {
    return this.#chain.bestHeader.height;
  }

  /** Height of the last pre-synced header; undefined without a header pre-sync. */
  get presyncedHeaders(): number | undefined {
    return this.headers.bestPresyncHeight;
  }

  /** Monotonic milliseconds when the peer last announced a new header with more work than our tip; 0 for never. */
  lastAnnouncement(peer: Peer): number {
    return this.chains.get(peer)?.announcedAt ?? 0;
  }

  /** Whether blocks are in flight from this peer. */
  hasBlocksInFlight(peer: Peer): boolean {
    return this.blocks.inFlight(peer).length > 0;
  }

  /** Whether no new tip has arrived for several block intervals (Core: TipMayBeStale). */
  isTipStale(): boolean {
    return this.#staleTip.isOverdue;
  }

  /** Unsubscribes from the chain. */
  close(): void {
    this.#staleTip.close();
    for (const unsubscribe of this.#subscriptions) unsubscribe();
  }
}
