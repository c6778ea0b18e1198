import type { Clock, Timer } from '../../../src/platform/clock.ts';

interface Pending {
  readonly due: number;
  readonly callback: () => void;
}

/** A clock that a test advances during work by `spend`; `turn` simulates one turn of the event loop. */
export class WorkClock implements Clock {
  #now = 0;
  #pending: Pending[] = [];
  /** Milliseconds that each reading of the clock takes. */
  costOfLook = 0;

  now(): number {
    return this.monotonic();
  }

  monotonic(): number {
    this.#now += this.costOfLook;
    return this.#now;
  }

  after(ms: number, callback: () => void): Timer {
    const timer = { due: this.#now + ms, callback };
    this.#pending.push(timer);
    return {
      cancel: () => {
        this.#pending = this.#pending.filter((other) => other !== timer);
      },
    };
  }

  /** Advances the clock, as work does. */
  spend(ms: number): void {
    this.#now += ms;
  }

  /** Runs the due callbacks, except those they add. Returns the milliseconds this took. */
  async turn(): Promise<number> {
    const start = this.#now;
    const due = this.#pending.filter((timer) => timer.due <= start);
    this.#pending = this.#pending.filter((timer) => timer.due > start);
    for (const { callback } of due) callback();
    await Promise.resolve();
    return this.#now - start;
  }
}
