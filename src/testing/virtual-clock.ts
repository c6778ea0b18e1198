import type { Clock, Timer } from '../platform/clock.ts';

interface VirtualTimer {
  readonly due: number;
  readonly sequence: number;
  readonly callback: () => void;
}

/**
 * A clock that moves only by `advance`, which runs due callbacks in order. Starts at `startMs`, Unix milliseconds.
 *
 * @example
 * ```ts
 * import { VirtualClock } from 'pier/testing';
 *
 * const clock = new VirtualClock(0);
 * clock.after(1_000, () => console.log(clock.now())); // 1000
 * clock.advance(60_000);
 * ```
 */
export class VirtualClock implements Clock {
  #now: number;
  #sequence = 0;
  #timers: VirtualTimer[] = [];

  constructor(startMs = 1_600_000_000_000) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): Timer {
    const timer = { due: this.#now + Math.max(0, ms), sequence: this.#sequence++, callback };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  /** Advances the clock by `ms` milliseconds and runs the callbacks that become due, including new ones. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      let next: VirtualTimer | undefined;
      for (const timer of this.#timers) {
        if (timer.due > end) continue;
        if (!next || timer.due < next.due || (timer.due === next.due && timer.sequence < next.sequence)) next = timer;
      }
      if (!next) break;
      const due = next;
      this.#timers = this.#timers.filter((other) => other !== due);
      this.#now = due.due;
      due.callback();
    }
    this.#now = end;
  }
}
