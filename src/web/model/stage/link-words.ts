import type { Point } from './layout.ts';

/** A rectangle, in pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Words of a link between two places. */
export interface LinkWords {
  readonly from: Point;
  readonly to: Point;
  readonly width: number;
}

/** Where words may stand on their link, as shares of its way: the middle is best. */
const SHARES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((step) => [0.5 + step * 0.04, 0.5 - step * 0.04]);
/** Part of words that others may cover: more could not be read. */
const MAX_COVERED = 0.15;
/** Pixels of a line of words. */
export const WORDS_HEIGHT = 16;

/**
 * Returns the middle of each link's words: on the link, where they cover the least of the nodes and of other words; undefined if
 * there is no room for them.
 */
export function placeWords(words: readonly LinkWords[], nodes: readonly Box[]): (Point | undefined)[] {
  const taken = [...nodes];
  return words.map(({ from, to, width }) => {
    let best: { readonly at: Point; readonly box: Box; readonly covered: number } | undefined;
    for (const share of SHARES) {
      const at = { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
      const box = {
        ...{ left: at.x - width / 2, right: at.x + width / 2 },
        ...{ top: at.y - WORDS_HEIGHT / 2, bottom: at.y + WORDS_HEIGHT / 2 },
      };
      const covered = taken.reduce((area, other) => area + common(box, other), 0);
      if (!best || covered < best.covered - 1) best = { at, box, covered };
      if (covered === 0) break;
    }
    if (best!.covered > MAX_COVERED * width * WORDS_HEIGHT) return undefined;
    taken.push(best!.box);
    return best!.at;
  });
}

/** Returns the area that two rectangles have in common. */
function common(a: Box, b: Box): number {
  const [width, height] = [
    Math.min(a.right, b.right) - Math.max(a.left, b.left),
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top),
  ];
  return width > 0 && height > 0 ? width * height : 0;
}
