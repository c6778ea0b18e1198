import type { Clock } from './clock.ts';
import { TimeSlices } from './time-slices.ts';

/** Runs steps to their end and returns the result; other work gets its turn every few milliseconds. */
export function inSlices<T>(steps: Generator<unknown, T>, clock: Clock): Promise<T> {
  return new TimeSlices(clock).run(steps);
}

/** Items of a few microseconds that make one step: a step costs a quarter of a microsecond by itself. */
export const ITEMS_PER_STEP = 16;

/** Runs steps to their end at once and returns the result. */
export function atOnce<T>(steps: Generator<unknown, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
