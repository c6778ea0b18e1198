import type { Chain } from '../../chain/chain.ts';
import type { Mempool } from '../../mempool/mempool.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Random } from '../../platform/random.ts';
import type { AddressBook } from '../addresses/address-book.ts';
import { AddressRelay } from '../addresses/address-relay.ts';
import { BlockRelay } from '../blocks/block-relay.ts';
import { SyncProgressMeter } from '../blocks/sync-progress.ts';
import type { Peer } from '../peer/peer.ts';
import type { PeerFollower } from '../peer/peer-follower.ts';
import type { Handling } from '../peer/work.ts';
import { ChainServer } from '../serve/chain-server.ts';
import { DataServer } from '../serve/data-server.ts';
import { FilterServer } from '../serve/filter-server.ts';
import { TransactionRelay } from '../transactions/transaction-relay.ts';
import type { MessageOf } from '../wire/messages/index.ts';
import { ServiceFlag } from '../wire/protocol.ts';
import type { Handler, HandlerContext } from './handler-context.ts';
import { handlers } from './handlers/index.ts';
import type { MessageProcessor, ProcessedCommand } from './message-processor.ts';
import type { PeerStateStats } from './peer-state-stats.ts';
import { withoutRefusedBlocks } from './refused-blocks.ts';

/** Services and relay options of a full node. */
export interface FullNodeProcessorOptions {
  /** Whether the encrypted transport (BIP324) is offered; default true. */
  readonly v2Transport?: boolean;
  /** Whether the node accepts no transactions from peers (Core: -blocksonly); default false. */
  readonly blocksOnly?: boolean;
  /** Whether transactions are announced after random delays, for privacy; default false: at once. */
  readonly trickle?: boolean;
  /** Whether peers may load Bloom filters (BIP37; Core: -peerbloomfilters); default false. */
  readonly bloomFilters?: boolean;
  /** Whether indexed block filters are served (BIP157; Core: -peerblockfilters); default true. */
  readonly blockFilters?: boolean;
}

/** Modules that a `FullNodeProcessor` uses. */
export interface FullNodeProcessorModules {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly book: AddressBook;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /**
   * Returns whether a block that the node does not have is not accepted from a peer, nor what follows it. For networks
   * that are reverted: a peer that is not reverted would send it again. Default: none.
   */
  readonly refusesBlock?: ((peer: Peer, hash: Uint8Array) => boolean) | undefined;
}

/** The message processor of a node with the whole chain: relays blocks, transactions and addresses, and serves them. */
export class FullNodeProcessor implements MessageProcessor {
  readonly events: SyncProgressMeter['events'];
  readonly services: bigint;
  readonly requiredServices = ServiceFlag.NETWORK | ServiceFlag.WITNESS;
  readonly relaysTransactions: boolean;
  readonly followers: readonly PeerFollower[];
  readonly #chain: Chain;
  readonly #blocks: BlockRelay;
  readonly #context: HandlerContext;
  readonly #refusesBlock: FullNodeProcessorModules['refusesBlock'];

  constructor(options: FullNodeProcessorOptions, modules: FullNodeProcessorModules) {
    const { blocksOnly = false, trickle = false } = options;
    const { chain } = modules;
    this.services = offeredServices(options, chain);
    this.relaysTransactions = !blocksOnly;
    this.#chain = chain;
    this.#refusesBlock = modules.refusesBlock;

    const blocks = new BlockRelay({ blocksOnly }, modules, () => transactions.feeFilter.update());
    const { announcer, catchUp, chains, compactBlocks, compactPeers, extra, headers, recent } = blocks;
    const transactions: TransactionRelay = new TransactionRelay(
      { services: this.services, blocksOnly, trickle },
      { ...modules, catchUp, extra },
    );
    const txAnnouncer = transactions.announcer;
    const chainServer = new ChainServer({ ...modules, chains, recent, txAnnouncer });
    const dataServer = new DataServer({ ...modules, chainServer, txAnnouncer });
    const addresses = new AddressRelay({ services: this.services }, modules);
    const progress = new SyncProgressMeter(modules.clock, blocks);
    const unsubscribe = chain.events.on('blockConnected', ({ block }) => dataServer.blockConnected(block));

    this.#blocks = blocks;
    this.#context = {
      addresses,
      announcer,
      blocks: blocks.blocks,
      catchUp,
      chainServer,
      compactBlocks,
      compactPeers,
      dataServer,
      filterServer: new FilterServer({ ...modules, services: this.services }),
      headers,
      transactions: transactions.download,
      txAnnouncer,
      relaysTransactions: this.relaysTransactions,
    };
    this.events = progress.events;
    this.followers = [...blocks.followers, ...transactions.followers, addresses, progress, { close: unsubscribe }];
  }

  get startHeight(): number {
    return this.#chain.tip.height;
  }

  process<C extends ProcessedCommand>(peer: Peer, command: C, message: MessageOf<C>): Handling {
    const refuses = this.#refusesBlock;
    const isRefused = (hash: Uint8Array) => refuses!(peer, hash) && this.#chain.getIndex(hash) === undefined;
    const accepted = refuses ? withoutRefusedBlocks(command, message, isRefused) : message;
    return accepted && (handlers[command] as Handler<C>)(this.#context, peer, accepted);
  }

  /** Returns what the processor knows about a peer. */
  stats(peer: Peer): PeerStateStats {
    const { addresses, blocks, compactPeers, headers, transactions, txAnnouncer } = this.#context;
    const addressRelay = addresses.info(peer);
    return {
      relaysTransactions: txAnnouncer.relays(peer),
      hasBloomFilter: txAnnouncer.filter(peer) !== undefined,
      lastTxTime: transactions.lastTxTime(peer),
      lastBlockTime: blocks.lastBlockTime(peer),
      presyncedHeaders: headers.presyncHeight(peer) ?? -1,
      syncedHeaders: this.#blocks.chains.get(peer)?.bestKnown?.height ?? -1,
      syncedBlocks: blocks.lastCommon(peer)?.height ?? -1,
      inFlight: blocks.inFlight(peer),
      highBandwidthTo: compactPeers.announcesToUs(peer),
      highBandwidthFrom: compactPeers.wantsAnnouncements(peer),
      addressRelay: addressRelay.enabled,
      addressesProcessed: addressRelay.processed,
      addressesRateLimited: addressRelay.rateLimited,
      minFeeFilter: txAnnouncer.feeFilter(peer),
      ...txAnnouncer.progress(peer),
    };
  }

  isTipStale(): boolean {
    return this.#blocks.isTipStale();
  }

  lastAnnouncement(peer: Peer): number {
    return this.#blocks.lastAnnouncement(peer);
  }

  hasBlocksInFlight(peer: Peer): boolean {
    return this.#blocks.hasBlocksInFlight(peer);
  }

  isProtected(peer: Peer): boolean {
    return this.#blocks.chainSync.isProtected(peer);
  }

  idle(): Promise<void> {
    return this.#blocks.blocks.idle();
  }
}

/** Returns the service bits (`ServiceFlag`) that a full node offers. */
function offeredServices(
  { v2Transport = true, bloomFilters = false, blockFilters = true }: FullNodeProcessorOptions,
  chain: Pick<Chain, 'blockFilters'>,
): bigint {
  let services = ServiceFlag.NETWORK | ServiceFlag.WITNESS | ServiceFlag.NETWORK_LIMITED;
  if (v2Transport) services |= ServiceFlag.P2P_V2;
  if (blockFilters && chain.blockFilters) services |= ServiceFlag.COMPACT_FILTERS;
  if (bloomFilters) services |= ServiceFlag.BLOOM;
  return services;
}
