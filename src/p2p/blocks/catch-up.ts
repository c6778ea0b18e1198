import type { HeaderView } from '../../chain/tree/header-view.ts';
import type { Clock } from '../../platform/clock.ts';

/** Milliseconds without a better header or tip after which missing blocks are no longer expected. */
const PROGRESS_TIMEOUT_MS = 60_000;

/**
 * Tracks whether the node is catching up with the network's chain. While it is, transactions are not accepted from
 * peers and connected blocks are not announced. Core decides by the tip's age alone (IsInitialBlockDownload), so that a
 * network without a block for a day relays no transactions. Here a better chain must be known or requested, and must
 * make progress; a peer that only claims a better chain cannot hold the node in this state.
 */
export class CatchUp {
  readonly #chain: HeaderView;
  readonly #clock: Clock;
  readonly #isSyncingHeaders: () => boolean;
  #lastProgress: number;
  #isDone = false;

  /** `isSyncingHeaders` returns whether a header sync is in progress. */
  constructor(modules: { readonly chain: HeaderView; readonly clock: Clock }, isSyncingHeaders: () => boolean) {
    this.#chain = modules.chain;
    this.#clock = modules.clock;
    this.#isSyncingHeaders = isSyncingHeaders;
    this.#lastProgress = modules.clock.monotonic();
  }

  /** Records a better header or a new tip. */
  progressed(): void {
    this.#lastProgress = this.#clock.monotonic();
  }

  /** Whether the node is catching up. Permanently false once it has caught up with a recent tip. */
  get isActive(): boolean {
    if (this.#isDone) return false;
    const { tip, bestHeader, isInitialBlockDownload } = this.#chain;
    const isBehind = this.#isSyncingHeaders() || bestHeader.chainwork > tip.chainwork;
    if (isBehind && this.#clock.monotonic() - this.#lastProgress < PROGRESS_TIMEOUT_MS) return true;
    // With an old tip, another peer may still have a better chain.
    this.#isDone = !isInitialBlockDownload;
    return false;
  }
}
