import type { Clock, Timer } from '../../../platform/clock.ts';

/** Milliseconds between polls after a change; they double up to the second while there is none. */
const LEAST_DELAY_MS = 20;
const MOST_DELAY_MS = 250;

/** What a `ChangePoller` watches. */
export interface PolledState {
  /** Whether there is a state to read. */
  isActive(): boolean;
  /** Returns a text that differs after each change. */
  read(): Promise<string>;
}

/**
 * Reports the changes of a program that does not report them itself: bitcoind does over ZMQ only, which not every build
 * has. It polls only while there are listeners, which are there only while something is waited for.
 */
export class ChangePoller {
  readonly #clock: Clock;
  readonly #state: PolledState;
  readonly #listeners = new Set<() => void>();
  #delay = LEAST_DELAY_MS;
  #timer: Timer | undefined;
  #isReading = false;
  #last: string | undefined;

  constructor(clock: Clock, state: PolledState) {
    this.#clock = clock;
    this.#state = state;
  }

  /** Calls `listener` after changes. Returns a function that unsubscribes. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    // It has not seen the state that was reported last.
    this.#last = undefined;
    this.wake();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#disarm();
    };
  }

  /** Reports a change that needs no poll. */
  changed(): void {
    for (const listener of this.#listeners) listener();
    this.wake();
  }

  /** Polls soon. */
  wake(): void {
    this.#disarm();
    this.#delay = LEAST_DELAY_MS;
    this.#arm();
  }

  #arm(): void {
    if (this.#isReading || this.#timer || this.#listeners.size === 0 || !this.#state.isActive()) return;
    this.#timer = this.#clock.after(this.#delay, () => void this.#poll());
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async #poll(): Promise<void> {
    this.#timer = undefined;
    this.#isReading = true;
    // A program that ends meanwhile is reported by `changed`.
    const state = await this.#state.read().catch(() => undefined);
    this.#isReading = false;
    if (state === undefined || state === this.#last) {
      this.#delay = Math.min(this.#delay * 2, MOST_DELAY_MS);
      this.#arm();
      return;
    }
    this.#last = state;
    this.changed();
  }
}
