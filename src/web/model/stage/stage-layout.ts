import type { Point } from './layout.ts';

/** How much of a node the stage shows: its words and a long column, its name and a short one, or its name and its tip alone. */
export type Density = 'roomy' | 'close' | 'dense';

/** Pixels that a node takes around its place, which is the middle of its tip. */
export interface Extent {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** What of a node's column is shown. */
export interface ColumnSize {
  readonly blocks: number;
  readonly dots: number;
}

/** Where the nodes stand, in pixels, and how much of them is shown. */
export interface StageLayout {
  readonly density: Density;
  readonly column: ColumnSize;
  readonly places: ReadonlyMap<string, Point>;
  /** The ground: higher than it was if the nodes do not fit. */
  readonly width: number;
  readonly height: number;
  /** Pixels between its edges and the outermost places. */
  readonly margin: Extent;
}

/** The columns of each density. */
export const columnSizes: Readonly<Record<Density, ColumnSize>> = {
  roomy: { blocks: 6, dots: 40 },
  close: { blocks: 3, dots: 16 },
  dense: { blocks: 0, dots: 0 },
};

/** Pixels of a letter of a name, and of a wide one such as a Chinese character. */
const LETTER = 9.6;
const WIDE_LETTER = 15;
/** Widest name; a longer one is cut off. */
const MAX_NAME = 130;
/** Pixels between two nodes at least. */
const GAP = 6;
/** Share of the ground that nodes may take before less of them is shown. */
const MAX_SHARE: Readonly<Record<Density, number>> = { roomy: 0.55, close: 0.65, dense: 1 };
const ROUNDS = 300;

/** Returns the pixels that a node of a density takes. */
export function extentOf(name: string, density: Density): Extent {
  const letters = [...name].reduce((sum, letter) => sum + (letter > '⺀' ? WIDE_LETTER : LETTER), 0);
  const width = Math.min(MAX_NAME, letters) + 10;
  if (density === 'dense') {
    // The square of the tip stands beside the name.
    const half = Math.ceil((width + 16) / 2);
    return { left: half, right: half, top: 11, bottom: 11 };
  }
  const half = Math.ceil(Math.max(width, density === 'roomy' ? 118 : 68) / 2);
  return { left: half, right: half, ...(density === 'roomy' ? { top: 84, bottom: 146 } : { top: 50, bottom: 76 }) };
}

/**
 * Places nodes on a ground of so many pixels so that none covers another: near where `wanted` has them (from 0 to 1), or in rows
 * where that is too narrow.
 */
export function layOutStage(
  wanted: ReadonlyMap<string, Point>,
  size: { readonly width: number; readonly height: number },
): StageLayout {
  const names = [...wanted.keys()];
  const density = densityOf(names, size);
  const extents = names.map((name) => extentOf(name, density));
  const most = (side: keyof Extent) => extents.reduce((pixels, extent) => Math.max(pixels, extent[side]), 0);
  const [left, right, top, bottom] = [most('left'), most('right'), most('top'), most('bottom')];
  const cell = { width: left + right + GAP, height: top + bottom + GAP };
  const columns = Math.max(1, Math.floor(size.width / cell.width));
  const height = Math.max(size.height, Math.ceil(names.length / columns) * cell.height);
  const ground = { left, right: Math.max(left, size.width - right), top, bottom: Math.max(top, height - bottom) };
  const spread = [...wanted.values()].map(({ x, y }) => ({
    x: ground.left + x * (ground.right - ground.left),
    y: ground.top + y * (ground.bottom - ground.top),
  }));
  const points =
    pushedApart(spread, extents, ground) ??
    inRows(spread, { width: size.width, height }, cell, { left, right, top, bottom });
  const places = new Map(names.map((name, i) => [name, { x: Math.round(points[i]!.x), y: Math.round(points[i]!.y) }]));
  const margin = { left, right, top, bottom };
  return { density, column: columnSizes[density], places, width: size.width, height, margin };
}

/** Puts nodes where the reader has put them, as shares of the ground's width and height. */
export function movePlaces(layout: StageLayout, moved: ReadonlyMap<string, Point>): StageLayout {
  if (moved.size === 0) return layout;
  const { width, height, margin } = layout;
  const inside = (value: number, least: number, greatest: number) =>
    Math.round(Math.max(least, Math.min(greatest, value)));
  const places = [...layout.places].map(([name, place]): [string, Point] => {
    const to = moved.get(name);
    if (!to) return [name, place];
    const [x, y] = [
      inside(to.x * width, margin.left, width - margin.right),
      inside(to.y * height, margin.top, height - margin.bottom),
    ];
    return [name, { x, y }];
  });
  return { ...layout, places: new Map(places) };
}

/** Returns whether two nodes cover each other. */
export function overlap(a: Point, b: Point, of: Extent, other: Extent): boolean {
  const { across, down } = overlaps(a, b, of, other, 0);
  return across > 0 && down > 0;
}

function densityOf(names: readonly string[], { width, height }: { readonly width: number; readonly height: number }) {
  for (const density of ['roomy', 'close'] as const) {
    const taken = names.reduce((sum, name) => {
      const { left, right, top, bottom } = extentOf(name, density);
      return sum + (left + right + GAP) * (top + bottom + GAP);
    }, 0);
    if (names.length === 1 || taken <= MAX_SHARE[density] * width * height) return density;
  }
  return 'dense';
}

/** Returns by how many pixels two nodes, and a gap between them, cover each other. */
function overlaps(a: Point, b: Point, of: Extent, other: Extent, gap: number): { across: number; down: number } {
  return {
    across: (a.x <= b.x ? of.right + other.left - (b.x - a.x) : other.right + of.left - (a.x - b.x)) + gap,
    down: (a.y <= b.y ? of.bottom + other.top - (b.y - a.y) : other.bottom + of.top - (a.y - b.y)) + gap,
  };
}

/** Pushes nodes apart that cover each other, the shorter way. Returns undefined if some still do in the end. */
function pushedApart(spread: readonly Point[], extents: readonly Extent[], ground: Extent): Point[] | undefined {
  const points = spread.map(({ x, y }) => ({ x, y }));
  for (let round = 0; round < ROUNDS; round++) {
    let isFree = true;
    for (let i = 0; i < points.length; i++) {
      for (let k = 0; k < i; k++) {
        const [a, b] = [points[i]!, points[k]!];
        const { across, down } = overlaps(a, b, extents[i]!, extents[k]!, GAP);
        if (across <= 0.5 || down <= 0.5) continue;
        isFree = false;
        const axis = across < down ? 'x' : 'y';
        // Half of it each; at an edge, the rest follows in the next round.
        const push = (Math.min(across, down) / 2) * (a[axis] <= b[axis] ? -1 : 1);
        a[axis] += push;
        b[axis] -= push;
      }
    }
    for (const point of points) {
      point.x = Math.max(ground.left, Math.min(ground.right, point.x));
      point.y = Math.max(ground.top, Math.min(ground.bottom, point.y));
    }
    if (isFree) return points;
  }
  return undefined;
}

/**
 * Places nodes in a grid of cells, in the order in which they were from above and from the left. Inside of its cell, every
 * second node of a row stands lower, and every second row further to the right: links do not run through nodes.
 */
function inRows(
  points: readonly Point[],
  size: { readonly width: number; readonly height: number },
  cell: { readonly width: number; readonly height: number },
  margin: Extent,
): Point[] {
  const columns = Math.max(1, Math.floor(size.width / cell.width));
  const most = Math.max(1, Math.floor(size.height / cell.height));
  // As many rows as there is room for, but no more than in a square.
  const rows = Math.max(Math.ceil(points.length / columns), Math.min(most, Math.ceil(Math.sqrt(points.length))));
  const each = Math.ceil(points.length / rows);
  const [across, down] = [size.width / each, size.height / rows];
  const free = { x: Math.max(0, across - cell.width), y: Math.max(0, down - cell.height) };
  const order = points.map((_, i) => i).sort((a, b) => points[a]!.y - points[b]!.y || a - b);
  const placed = new Array<Point>(points.length);
  for (let row = 0; row < rows; row++) {
    const inRow = order.slice(row * each, (row + 1) * each).sort((a, b) => points[a]!.x - points[b]!.x || a - b);
    for (const [column, i] of inRow.entries()) {
      placed[i] = {
        x: margin.left + column * across + (row % 2) * free.x,
        y: margin.top + row * down + (column % 2) * free.y,
      };
    }
  }
  return placed;
}
