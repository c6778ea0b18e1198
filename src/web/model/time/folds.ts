import type { Stretch } from './idle.ts';

/** Part of the diagram's width that an idle stretch has at least to be folded, and what is left of it at each end. */
const FOLDED_SHARE = 0.25;
const LEAD_SHARE = 0.04;

/** Returns the least length of a stretch that is folded where the diagram shows `span` milliseconds. */
export function leastFolded(span: number): number {
  return span * FOLDED_SHARE;
}

/** Returns the milliseconds that are left of a folded stretch at each of its ends. */
export function leadOf(span: number): number {
  return span * LEAD_SHARE;
}

/** Returns the parts of idle stretches that are left out where the diagram shows `span` milliseconds. */
export function foldStretches(stretches: readonly Stretch[], span: number): Stretch[] {
  const lead = leadOf(span);
  return stretches
    .filter(({ from, to }) => to - from >= leastFolded(span))
    .map(({ from, to }) => ({ from: from + lead, to: to - lead }));
}
