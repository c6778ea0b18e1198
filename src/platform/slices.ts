import type { Clock } from './clock.ts';
import { TimeSlices } from './time-slices.ts';

/** Runs steps to their end and returns the result; other work gets its turn every few milliseconds. */
export function inSlices<T>(steps: Generator<unknown, T>, clock: Clock): Promise<T> {
  return new TimeSlices(clock).run(steps);
}

/** Runs steps to their end at once and returns the result. */
export function atOnce<T>(steps: Generator<unknown, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
