import type { AddressBook } from '../p2p/addresses/address-book.ts';
import { AddressRelay } from '../p2p/addresses/address-relay.ts';
import { ChainSyncTimeout } from '../p2p/blocks/chain-sync-timeout.ts';
import { HeaderSync } from '../p2p/blocks/headers/header-sync.ts';
import { PeerChains } from '../p2p/blocks/peer-chain.ts';
import { StaleTip } from '../p2p/blocks/stale-tip.ts';
import { SyncProgressMeter } from '../p2p/blocks/sync-progress.ts';
import type { Peer } from '../p2p/peer/peer.ts';
import type { PeerFollower } from '../p2p/peer/peer-follower.ts';
import type { Handling } from '../p2p/peer/work.ts';
import type { MessageProcessor, ProcessedCommand } from '../p2p/processing/message-processor.ts';
import { noPeerStateStats, type PeerStateStats } from '../p2p/processing/peer-state-stats.ts';
import type { MessageOf } from '../p2p/wire/messages/index.ts';
import { namesBlock } from '../p2p/wire/messages/inventory.ts';
import { ServiceFlag } from '../p2p/wire/protocol.ts';
import { BlockFetcher } from './block-fetcher.ts';
import { BloomScanner } from './bloom/bloom-scanner.ts';
import { FilterSearch } from './filters/filter-search.ts';
import type { HeaderChain } from './header-chain.ts';
import { type HeaderFollowerModules, headerHandlers, type SpvHandlers } from './header-handlers.ts';
import type { Scanner } from './scanner.ts';
import { TxBroadcast } from './tx-broadcast.ts';
import type { TransactionWatcher, Watcher } from './watcher.ts';

/** A watcher and the filters that find its payments: compact block filters (BIP157) or Bloom filters (BIP37). */
export type PaymentSearch =
  | { readonly watcher: Watcher; readonly bloom?: false }
  | { readonly watcher: TransactionWatcher; readonly bloom: boolean };

/** Modules that a `LightNodeProcessor` uses. */
export type LightNodeProcessorModules = PaymentSearch & HeaderFollowerModules & { readonly book: AddressBook };

/** The message processor of a light node: header sync, scan for the watcher's payments, and transaction broadcast. */
export class LightNodeProcessor implements MessageProcessor {
  readonly events: SyncProgressMeter['events'];
  readonly services: bigint;
  readonly requiredServices: bigint;
  readonly relaysTransactions = false;
  readonly followers: readonly PeerFollower[];
  readonly blocks: BlockFetcher;
  readonly broadcast = new TxBroadcast();
  readonly scanner: Scanner;
  readonly #chain: HeaderChain;
  readonly #chains: PeerChains;
  readonly #headers: HeaderSync;
  readonly #chainSync: ChainSyncTimeout;
  readonly #addresses: AddressRelay;
  readonly #staleTip: StaleTip;
  readonly #handlers: SpvHandlers;

  /** `v2Transport`: whether the encrypted transport (BIP324) is offered; default true. */
  constructor({ v2Transport = true }: { readonly v2Transport?: boolean }, modules: LightNodeProcessorModules) {
    const { chain } = modules;
    const searchService = modules.bloom ? ServiceFlag.BLOOM : ServiceFlag.COMPACT_FILTERS;
    this.services = v2Transport ? ServiceFlag.P2P_V2 : 0n;
    this.requiredServices = ServiceFlag.NETWORK | ServiceFlag.WITNESS | searchService;

    const chains = new PeerChains(chain);
    const withChains = { ...modules, chains, params: chain.params };
    const blocks = new BlockFetcher(withChains);
    const scanner: Scanner = modules.bloom
      ? new BloomScanner(withChains, modules.watcher)
      : new FilterSearch({ ...withChains, blocks }, modules.watcher);
    const headers = new HeaderSync(withChains, () => {
      scanner.step();
      blocks.tick();
    });
    const chainSync = new ChainSyncTimeout({ ...withChains, headers });
    const addresses = new AddressRelay({ services: this.services }, modules);
    const staleTip = new StaleTip(modules);
    const progress = new SyncProgressMeter(modules.clock, {
      get isCatchingUp() {
        return headers.isActive || scanner.scanned !== chain.tip;
      },
      get height() {
        return scanner.scanned.height;
      },
      get headerHeight() {
        return chain.bestHeader.height;
      },
      get presyncedHeaders() {
        return headers.bestPresyncHeight;
      },
    });
    const unsubscribe = chain.events.on('tip', ({ fork, previous }) => {
      blocks.tipChanged();
      scanner.tipChanged(fork, previous);
    });
    const { broadcast } = this;
    this.#handlers = {
      ...headerHandlers(headers),
      addr: (peer, message) => addresses.received(peer, message.addresses),
      addrv2: (peer, message) => addresses.received(peer, message.addresses),
      block: (peer, block) => blocks.received(peer, block),
      getdata: (peer, { entries }) => broadcast.serve(peer, [...entries]),
      notfound: (peer, { entries }) => blocks.notFound(peer, [...entries].filter(namesBlock)),
    };
    this.blocks = blocks;
    this.scanner = scanner;
    this.events = progress.events;
    this.#chain = chain;
    this.#chains = chains;
    this.#headers = headers;
    this.#chainSync = chainSync;
    this.#addresses = addresses;
    this.#staleTip = staleTip;
    this.followers = [
      ...[chains, blocks, headers, chainSync, scanner, broadcast, addresses, staleTip, progress],
      { close: unsubscribe },
    ];
  }

  get startHeight(): number {
    return this.#chain.tip.height;
  }

  process<C extends ProcessedCommand>(peer: Peer, command: C, message: MessageOf<C>): Handling {
    const handling = this.#handlers[command]?.(peer, message);
    const scan = this.scanner.handlers[command]?.(peer, message);
    return handling ?? scan;
  }

  stats(peer: Peer): PeerStateStats {
    const { enabled, processed, rateLimited } = this.#addresses.info(peer);
    return {
      ...noPeerStateStats,
      presyncedHeaders: this.#headers.presyncHeight(peer) ?? -1,
      syncedHeaders: this.#chains.get(peer)?.bestKnown?.height ?? -1,
      inFlight: this.#inFlight(peer),
      addressRelay: enabled,
      addressesProcessed: processed,
      addressesRateLimited: rateLimited,
    };
  }

  isTipStale(): boolean {
    return this.#staleTip.isOverdue;
  }

  lastAnnouncement(peer: Peer): number {
    return this.#chains.get(peer)?.announcedAt ?? 0;
  }

  hasBlocksInFlight(peer: Peer): boolean {
    return this.#inFlight(peer).length > 0;
  }

  isProtected(peer: Peer): boolean {
    return this.#chainSync.isProtected(peer);
  }

  idle(): Promise<void> {
    return this.#chain.flush();
  }

  #inFlight(peer: Peer): number[] {
    return [...this.blocks.inFlight(peer), ...(this.scanner.inFlight?.(peer) ?? [])];
  }
}
