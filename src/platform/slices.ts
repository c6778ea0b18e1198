import type { Clock } from './clock.ts';
import { TimeSlices } from './time-slices.ts';

/** Runs steps to their end and returns the result; other work gets its turn every few milliseconds. */
export async function inSlices<T>(steps: Generator<unknown, T>, clock: Clock): Promise<T> {
  const slices = new TimeSlices(clock);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    if (slices.isOver) await slices.turn();
  }
}

/** Runs steps to their end at once and returns the result. */
export function atOnce<T>(steps: Generator<unknown, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
