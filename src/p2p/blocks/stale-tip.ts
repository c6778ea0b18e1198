import type { HeaderView } from '../../chain/tree/header-view.ts';
import type { Clock } from '../../platform/clock.ts';

/** Block intervals without a new tip after which the tip counts as stale (Core: TipMayBeStale). */
const STALE_SPACINGS = 3;

/** Detects a stale tip by the time of its last change. */
export class StaleTip {
  readonly #chain: HeaderView;
  readonly #clock: Clock;
  readonly #unsubscribe: () => void;
  /** Monotonic milliseconds. */
  #lastTipAt: number;

  constructor({ chain, clock }: { readonly chain: HeaderView; readonly clock: Clock }) {
    this.#chain = chain;
    this.#clock = clock;
    this.#lastTipAt = clock.monotonic();
    this.#unsubscribe = chain.events.on('tip', () => {
      this.#lastTipAt = clock.monotonic();
    });
  }

  /** Whether the tip is stale. */
  get isOverdue(): boolean {
    const limitMs = STALE_SPACINGS * this.#chain.params.powTargetSpacing * 1000;
    return this.#clock.monotonic() - this.#lastTipAt > limitMs;
  }

  /** Unsubscribes from the chain. */
  close(): void {
    this.#unsubscribe();
  }
}
