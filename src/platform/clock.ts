/** A pending callback. */
export interface Timer {
  cancel(): void;
}

/** Time as the node sees it. Tests and the simulator pass a virtual one. */
export interface Clock {
  /** Milliseconds since the Unix epoch: the time of day, which may be set forward or back. */
  now(): number;
  /** Milliseconds since some moment in the past, which never go back: for how long things take. */
  monotonic(): number;
  /** Calls `callback` once, `ms` milliseconds from now, unless cancelled. */
  after(ms: number, callback: () => void): Timer;
}

/** Whole seconds since the Unix epoch, the unit of Bitcoin's headers and messages. */
export function unixSeconds(clock: Clock): number {
  return Math.floor(clock.now() / 1000);
}

/** The machine's clock. A timer never keeps the process alive by itself. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    const handle = setTimeout(callback, ms);
    if (typeof handle === 'object') (handle as { unref?: () => void }).unref?.();
    return { cancel: () => clearTimeout(handle) };
  },
};

interface VirtualTimer {
  readonly due: number;
  readonly sequence: number;
  readonly callback: () => void;
}

/** A clock that moves only when told to; callbacks run inside `advance`, in the order they are due. */
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

  /** Moves time forward by `ms`, running every callback that falls due on the way. */
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

/**
 * Another clock whose time of day can be set (Core: SetMockTime). Only that: timers and the time that passes stay the
 * other clock's, so that peers are neither given up nor waited for because somebody plays with the date.
 */
export class MockableClock implements Clock {
  readonly #clock: Clock;
  #mocked: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#mocked ?? this.#clock.now();
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  after(ms: number, callback: () => void): Timer {
    return this.#clock.after(ms, callback);
  }

  /** Stands still at `ms`, milliseconds since the Unix epoch, from now on; undefined: follows the other clock again. */
  mock(ms: number | undefined): void {
    this.#mocked = ms;
  }
}
