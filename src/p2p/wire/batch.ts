import type { Clock, Timer } from '../../platform/clock.ts';

/** Runs `action` once for any number of calls of `schedule` in between, at the earliest of the times they name. */
export class Batch {
  readonly #clock: Clock;
  readonly #action: () => void;
  #timer: Timer | undefined;
  #due = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, action: () => void) {
    this.#clock = clock;
    this.#action = action;
  }

  /** Sees to it that `action` runs within `ms` milliseconds. */
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

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#due = Number.POSITIVE_INFINITY;
  }
}
