import type { HeaderView } from '../../chain/tree/header-view.ts';
import type { Clock } from '../../platform/clock.ts';

/** Milliseconds without a better header or block after which the missing blocks are not expected any more. */
const PATIENCE_MS = 60_000;

/**
 * Whether the network has blocks that we lack and are about to get: until then transactions cannot be judged, and our
 * blocks are no news. Core goes by the tip's age alone; a network on which nobody has mined for a day would then relay
 * nothing, not even the transactions that a miner waits for. Here a better chain has to be known, or asked for, and to
 * come: a peer that only claims one does not keep us waiting.
 */
export class CatchUp {
  readonly #chain: HeaderView;
  readonly #clock: Clock;
  readonly #isAsking: () => boolean;
  #lastProgress: number;
  #isDone = false;

  /** `isAsking` says whether a peer is being asked for a chain that may be far longer than ours. */
  constructor(modules: { readonly chain: HeaderView; readonly clock: Clock }, isAsking: () => boolean) {
    this.#chain = modules.chain;
    this.#clock = modules.clock;
    this.#isAsking = isAsking;
    this.#lastProgress = modules.clock.monotonic();
  }

  /** There is a better header, or a new tip. */
  progressed(): void {
    this.#lastProgress = this.#clock.monotonic();
  }

  get isActive(): boolean {
    if (this.#isDone) return false;
    const { tip, bestHeader, isInitialBlockDownload } = this.#chain;
    const isBehind = this.#isAsking() || bestHeader.chainwork > tip.chainwork;
    if (isBehind && this.#clock.monotonic() - this.#lastProgress < PATIENCE_MS) return true;
    // With an old tip there may be more to come; with a recent one this was it.
    this.#isDone = !isInitialBlockDownload;
    return false;
  }
}
