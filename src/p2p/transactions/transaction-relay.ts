import type { Chain } from '../../chain/chain.ts';
import type { Mempool } from '../../mempool/mempool.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Random } from '../../platform/random.ts';
import type { CatchUp } from '../blocks/catch-up.ts';
import type { ExtraTransactions } from '../blocks/compact/extra-transactions.ts';
import type { PeerFollower } from '../peer/peer-follower.ts';
import { FeeFilterSender } from './fee-filter.ts';
import { TxAnnouncer } from './tx-announcer.ts';
import { TxDownload } from './tx-download.ts';

/** Options of a `TransactionRelay`. */
export interface TransactionRelayOptions {
  /** Bits of `ServiceFlag` that the node offers. */
  readonly services: bigint;
  /** Whether the node accepts no transactions from peers (Core: -blocksonly). */
  readonly blocksOnly: boolean;
  /** Whether transactions are announced after random delays, for privacy. */
  readonly trickle: boolean;
}

/** Modules that a `TransactionRelay` uses. */
export interface TransactionRelayModules {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly catchUp: CatchUp;
  readonly extra: ExtraTransactions;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** The parts of a full node's transaction relay: announcements, download and fee filters. */
export class TransactionRelay {
  readonly announcer: TxAnnouncer;
  readonly download: TxDownload;
  readonly feeFilter: FeeFilterSender;
  readonly #subscriptions: readonly (() => void)[];

  constructor(options: TransactionRelayOptions, modules: TransactionRelayModules) {
    const { chain, catchUp } = modules;
    const download = new TxDownload(modules);
    const feeFilter = new FeeFilterSender(options, modules);
    this.announcer = new TxAnnouncer(options, modules);
    this.download = download;
    this.feeFilter = feeFilter;
    this.#subscriptions = [
      chain.events.on('blockConnected', ({ block }) => {
        if (!catchUp.isActive) download.blockConnected(block);
      }),
      chain.events.on('blockDisconnected', () => download.blockDisconnected()),
      chain.events.on('tip', () => {
        download.tipChanged();
        feeFilter.update();
      }),
    ];
  }

  /** Components that follow peers, in call order. */
  get followers(): readonly PeerFollower[] {
    return [this.announcer, this.download, this.feeFilter, this];
  }

  /** Unsubscribes from the chain. */
  close(): void {
    for (const unsubscribe of this.#subscriptions) unsubscribe();
  }
}
