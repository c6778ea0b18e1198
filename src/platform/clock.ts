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
