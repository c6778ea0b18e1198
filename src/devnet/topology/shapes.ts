import type { SeededRandom } from '../../testing/seeded-random.ts';

/** Names of network shapes. */
export const shapeNames = ['line', 'ring', 'star', 'mesh', 'random', 'small-world'] as const;

/**
 * Which nodes are linked: `line` each to the next; `ring` the last to the first too; `star` all to the first; `mesh` all
 * to all; `random` connected, four links a node on average; `small-world` a ring whose nodes are also linked to the next
 * but one, with every tenth link rewired to a random node (Watts and Strogatz).
 */
export type ShapeName = (typeof shapeNames)[number];

/** Links a node on average in the shape `random`. */
const RANDOM_DEGREE = 4;
/** Share of the links that `small-world` rewires. */
const REWIRED = 0.1;

/** Two nodes that are linked, by index; the first opens the connection. */
export type IndexPair = readonly [from: number, to: number];

/** Returns the links of a shape with `count` nodes; `random` decides in `random` and `small-world`. */
export function shapeLinks(shape: ShapeName, count: number, random: SeededRandom): IndexPair[] {
  const below = (limit: number) => random.uint32() % limit;
  switch (shape) {
    case 'line':
      return range(1, count).map((i) => [i, i - 1]);
    case 'ring':
      return [...shapeLinks('line', count, random), ...(count > 2 ? [[0, count - 1] as const] : [])];
    case 'star':
      return range(1, count).map((i) => [i, 0]);
    case 'mesh':
      return range(1, count).flatMap((i) => range(0, i).map((j) => [i, j] as const));
    case 'random': {
      // A random tree connects all; further links make loops.
      const pairs = new Pairs(range(1, count).map((i) => [i, below(i)]));
      const wanted = Math.min((count * RANDOM_DEGREE) / 2, (count * (count - 1)) / 2);
      while (pairs.size < wanted) pairs.add(below(count), below(count));
      return pairs.list();
    }
    case 'small-world': {
      const pairs = new Pairs(shapeLinks('ring', count, random));
      for (const i of range(0, count)) {
        const isRewired = below(1000) < 1000 * REWIRED;
        pairs.add(i, isRewired ? below(count) : (i + 2) % count);
      }
      return pairs.list();
    }
  }
}

/** Pairs of different nodes, each once whatever its direction. */
class Pairs {
  readonly #pairs = new Map<string, IndexPair>();

  constructor(pairs: Iterable<IndexPair>) {
    for (const [from, to] of pairs) this.add(from, to);
  }

  get size(): number {
    return this.#pairs.size;
  }

  add(from: number, to: number): void {
    const key = `${Math.min(from, to)}-${Math.max(from, to)}`;
    if (from !== to && !this.#pairs.has(key)) this.#pairs.set(key, [from, to]);
  }

  list(): IndexPair[] {
    return [...this.#pairs.values()];
  }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}
