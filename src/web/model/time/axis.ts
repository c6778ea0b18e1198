import type { Stretch } from './idle.ts';

/** A moment, and where it is: 0 is the left edge, 1 the right one. */
export interface Anchor {
  readonly time: number;
  readonly share: number;
}

/** An axis of time, from the left to the right edge of the diagram, without the stretches that are folded. */
export class Axis {
  /** Milliseconds between the edges, without folds. */
  readonly span: number;
  /** In the order of their times. */
  readonly folds: readonly Stretch[];
  /** Moments at the edges. */
  readonly from: number;
  readonly to: number;
  readonly #anchor: Anchor;
  /** Milliseconds before the anchor, without folds. */
  readonly #unfoldedAnchor: number;

  constructor(anchor: Anchor, span: number, folds: readonly Stretch[] = []) {
    this.span = span;
    this.folds = folds;
    this.#anchor = anchor;
    this.#unfoldedAnchor = this.#unfolded(anchor.time);
    this.from = this.timeAt(0);
    this.to = this.timeAt(1);
  }

  /** Returns where a moment is; below 0 or above 1 if it is outside. */
  shareOf(time: number): number {
    return this.#anchor.share + (this.#unfolded(time) - this.#unfoldedAnchor) / this.span;
  }

  /** Returns the moment at a place: of a fold, its beginning. */
  timeAt(share: number): number {
    let time = this.#unfoldedAnchor + (share - this.#anchor.share) * this.span;
    for (const { from, to } of this.folds) {
      if (time <= from) break;
      if (to === Number.POSITIVE_INFINITY) return from;
      time += to - from;
    }
    return time;
  }

  /** Returns whether a moment is left out. */
  isFolded(time: number): boolean {
    return this.folds.some(({ from, to }) => time > from && time < to);
  }

  #unfolded(time: number): number {
    let left = time;
    for (const { from, to } of this.folds) {
      if (from >= time) break;
      left -= Math.min(time, to) - from;
    }
    return left;
  }
}

/**
 * Returns the axis around an anchor. `foldsIn` returns the folds between two moments; it is asked for as far as the axis reaches
 * between `begin` and `end`.
 */
export function axisAround(
  anchor: Anchor,
  span: number,
  foldsIn: (from: number, to: number) => readonly Stretch[],
  { begin, end }: { readonly begin: number; readonly end: number },
): Axis {
  for (let reach = span; ; reach *= 2) {
    const [from, to] = [anchor.time - reach, anchor.time + reach];
    const axis = new Axis(anchor, span, foldsIn(from, to));
    if ((axis.from >= from || !(from > begin)) && (axis.to <= to || to >= end)) return axis;
  }
}
