import type { Clock } from './clock.ts';
import { immediate } from './immediate.ts';

/** Milliseconds that a slice of work on the main thread lasts. */
const SLICE_MS = 4;

/**
 * Divides a long computation into slices, between which everything else may run. A step should be much shorter than a
 * slice; the check after each step reads the clock.
 *
 * @example
 * ```ts
 * import { systemClock, TimeSlices } from 'pier/platform';
 *
 * const slices = new TimeSlices(systemClock);
 * for (let step = 0; step < 3; step++) {
 *   if (slices.isOver) await slices.turn();
 * }
 * ```
 */
export class TimeSlices {
  readonly #clock: Clock;
  readonly #sliceMs: number;
  #end: number;

  /** The first slice begins now. */
  constructor(clock: Clock, sliceMs: number = SLICE_MS) {
    this.#clock = clock;
    this.#sliceMs = sliceMs;
    this.#end = clock.monotonic() + sliceMs;
  }

  /** Whether the slice has lasted long enough. */
  get isOver(): boolean {
    return this.#clock.monotonic() >= this.#end;
  }

  /** Begins a slice now, as the main thread has done other work since the last one. */
  restart(): void {
    this.#end = this.#clock.monotonic() + this.#sliceMs;
  }

  /** Ends the slice; resolves when the next one may begin. */
  async turn(): Promise<void> {
    await nextTurn();
    this.restart();
  }

  /** Runs steps to their end and returns the result. Awaits promises that they yield, and has a turn when a slice is over. */
  async run<T>(steps: Generator<unknown, T>): Promise<T> {
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
      if (value instanceof Promise) await value;
      if (this.isOver) await this.turn();
    }
  }
}

/** Resolves in the next turn of the event loop, after pending events of sockets and timers. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    immediate(resolve);
  });
}
