import type { Clock, Timer } from './clock.ts';

/**
 * A timer that coalesces calls: any number of `schedule` calls lead to one run of `action`, at the earliest time given.
 */
export class BatchTimer {
  readonly #clock: Clock;
  readonly #action: () => void;
  #timer: Timer | undefined;
  #due = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, action: () => void) {
    this.#clock = clock;
    this.#action = action;
  }

  /** Runs `action` in at most `ms` milliseconds. */
  schedule(ms = 0): void {
    const due = this.#clock.monotonic() + ms;
    if (due >= this.#due) return;
    this.#timer?.cancel();
    this.#due = due;
    this.#timer = this.#clock.after(ms, () => {
      this.cancel();
      this.#action();
    });
  }

  /** Cancels the scheduled run, if any. */
  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#due = Number.POSITIVE_INFINITY;
  }
}
