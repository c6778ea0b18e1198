import type { Axis } from './axis.ts';
import { leadOf } from './folds.ts';

/** Milliseconds from which on the axis has the time of day. */
const CLOCK_SPAN_MS = 10_000;
/** Pixels from one mark to the next at least. */
const LEAST_GAP = 78;
const STEPS = [1, 2, 5];

/** A mark on the axis. */
export interface Tick {
  readonly share: number;
  readonly label: string;
}

/** Returns whether marks count from a moment; otherwise they have the time of day. */
export function isCounted({ span }: Pick<Axis, 'span'>): boolean {
  return span < CLOCK_SPAN_MS;
}

/** Returns the marks of an axis that is so many pixels wide: milliseconds and seconds from `zero` on, or times of day (UTC). */
export function ticksOf(axis: Axis, width: number, zero: number): Tick[] {
  const step = stepFor((axis.span / Math.max(1, width)) * LEAST_GAP);
  const isFromZero = isCounted(axis);
  const origin = isFromZero ? zero : 0;
  const ticks: Tick[] = [];
  let from = axis.from;
  const end = { from: axis.to, to: axis.to };
  for (const fold of [...axis.folds.filter((each) => each.to > axis.from && each.from < axis.to), end]) {
    for (let i = Math.ceil((from - origin) / step); origin + i * step <= fold.from; i++) {
      const time = origin + i * step;
      ticks.push({ share: axis.shareOf(time), label: isFromZero ? tickText(i * step, step) : clockText(time) });
    }
    from = fold.to;
  }
  return ticks;
}

/** Returns the moment from which marks count: the beginning of the traffic at a moment, or a whole second. */
export function zeroOf({ folds, from, span }: Axis, time: number): number {
  const fold = folds.findLast(({ to }) => to > from && to <= time);
  return fold ? fold.to + leadOf(span) : Math.floor(from / 1_000) * 1_000;
}

/** Returns a duration in milliseconds, or in seconds if it is long. */
export function durationText(milliseconds: number): string {
  return milliseconds < 1_000
    ? `${Number(milliseconds.toPrecision(2))} ms`
    : `${Number((milliseconds / 1_000).toPrecision(2))} s`;
}

/** Returns a distance from zero, as exact as the steps are. */
function tickText(milliseconds: number, step: number): string {
  const isShort = step < 100 || Math.abs(milliseconds) < 1_000;
  const value = Number((isShort ? milliseconds : milliseconds / 1_000).toFixed(2));
  return `${String(value).replace('-', '−')} ${isShort ? 'ms' : 's'}`;
}

/** Returns the time of day, in UTC. */
export function clockText(time: number): string {
  return new Date(time).toISOString().slice(11, 19);
}

/** Returns the least of 1, 2, 5, 10, 20 … that is not less; from a second on, what divides minutes. */
function stepFor(least: number): number {
  for (let power = 0.01; power < 1_000; power *= 10) {
    for (const step of STEPS) if (step * power >= least) return step * power;
  }
  return [1, 2, 5, 10, 15, 30, 60, 120].map((seconds) => seconds * 1_000).find((step) => step >= least) ?? 300_000;
}
