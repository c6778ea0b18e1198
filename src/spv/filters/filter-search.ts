import type { BlockIndex } from '../../chain/tree/block-index.ts';
import type { Peer } from '../../p2p/peer/peer.ts';
import type { SpvHandlers } from '../header-handlers.ts';
import type { ScanCounts, Scanner } from '../scanner.ts';
import type { Watcher } from '../watcher.ts';
import { FilterScanner } from './filter-scanner.ts';
import { FilterSync, type FilterSyncModules } from './filter-sync.ts';

/** Scans by compact block filters (BIP157): `FilterSync` syncs filter headers, `FilterScanner` matches filters. */
export class FilterSearch implements Scanner {
  readonly handlers: SpvHandlers;
  readonly #sync: FilterSync;
  readonly #scanner: FilterScanner;

  constructor(modules: FilterSyncModules, watcher: Watcher) {
    const { chain } = modules;
    const source = (height: number) => sync.source(height);
    const scanner: FilterScanner = new FilterScanner({ ...modules, source }, watcher);
    const sync: FilterSync = new FilterSync(modules, {
      agreed: () => scanner.step(),
      disputed: (index) => scanner.force(index),
      revoked: (height) => scanner.discardAfter(chain.atHeight(Math.max(0, height - 1))!),
    });
    this.#scanner = scanner;
    this.#sync = sync;
    this.handlers = {
      cfcheckpt: (peer, message) => sync.checkpoints(peer, message),
      cfheaders: (peer, message) => sync.hashes(peer, message),
      cfilter: (peer, message) => {
        // A dispute and the scan may both have requested this filter.
        sync.filter(peer, message);
        scanner.received(peer, message);
      },
    };
  }

  get scanned(): BlockIndex {
    return this.#scanner.scanned;
  }

  get counts(): ScanCounts {
    return this.#scanner.counts;
  }

  get filterPeers(): number {
    return this.#sync.agreeingPeers;
  }

  peerReady(peer: Peer): void {
    this.#sync.peerReady(peer);
  }

  peerClosed(peer: Peer): void {
    this.#sync.peerClosed(peer);
    this.#scanner.peerClosed(peer);
  }

  tick(): void {
    this.#sync.tick();
    this.#scanner.tick();
  }

  step(): void {
    this.#sync.step();
    this.#scanner.step();
  }

  rewindTo(index: BlockIndex): void {
    this.#scanner.rewindTo(index);
  }

  tipChanged(fork: BlockIndex, previous: BlockIndex): void {
    this.#sync.tipChanged(fork, previous);
    this.#scanner.tipChanged(fork, previous);
  }
}
