import { immediate } from './immediate.ts';

/** A pending callback of a `Clock`. */
export interface Timer {
  /** Cancels the callback; has no effect once it has run. */
  cancel(): void;
}

/** The node's source of time and timers. Tests and the simulator pass a virtual clock. */
export interface Clock {
  /** Returns wall-clock time in milliseconds since the Unix epoch; it may jump in either direction. */
  now(): number;
  /** Returns milliseconds since an arbitrary origin; never decreases. Use it to measure durations and timeouts. */
  monotonic(): number;
  /** Calls `callback` once, after `ms` milliseconds, unless the timer is cancelled. */
  after(ms: number, callback: () => void): Timer;
}

/** Returns wall-clock time in whole seconds since the Unix epoch, the unit of block headers and P2P messages. */
export function unixSeconds(clock: Clock): number {
  return Math.floor(clock.now() / 1000);
}

/** The system clock. Pending timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    if (ms <= 0) return { cancel: immediate(callback) };
    const handle = setTimeout(callback, ms);
    if (typeof handle === 'object') (handle as { unref?: () => void }).unref?.();
    return { cancel: () => clearTimeout(handle) };
  },
};

/**
 * A clock with a wall-clock time that can be set (Core: SetMockTime). Monotonic time and timers stay those of the
 * underlying clock, so that mocking the time neither triggers nor delays peer timeouts.
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

  /** Freezes wall-clock time at `ms` (milliseconds since the Unix epoch); undefined resumes the underlying clock. */
  mock(ms: number | undefined): void {
    this.#mocked = ms;
  }
}
