/** Where something stands; the unit is up to the caller. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Up to so many nodes stand on a circle; more are placed by their links. */
const MAX_ON_CIRCLE = 6;
const ROUNDS = 300;

/**
 * Returns a place for each node, from 0 to 1 in both directions: nodes that are linked stand near each other. Equal
 * networks have equal places.
 */
export function placeNodes(
  names: readonly string[],
  links: readonly { readonly from: string; readonly to: string }[],
): Map<string, Point> {
  const circle = names.map((_, i) => {
    // Two nodes stand side by side.
    const angle = (names.length === 2 ? Math.PI : -Math.PI / 2) + (2 * Math.PI * i) / names.length;
    return { x: Math.cos(angle), y: Math.sin(angle) };
  });
  const points = names.length === 1 ? [{ x: 0, y: 0 }] : circle;
  if (names.length > MAX_ON_CIRCLE) relax(points, edgesOf(names, links));
  return new Map(fitted(points).map((point, i) => [names[i]!, point]));
}

function edgesOf(
  names: readonly string[],
  links: readonly { readonly from: string; readonly to: string }[],
): [number, number][] {
  const index = new Map(names.map((name, i) => [name, i]));
  return links.flatMap(({ from, to }) => {
    const [a, b] = [index.get(from), index.get(to)];
    return a === undefined || b === undefined ? [] : [[a, b] as [number, number]];
  });
}

/** Moves points until linked ones are near and others apart (Fruchterman and Reingold, 1991). */
function relax(points: { x: number; y: number }[], edges: readonly [number, number][]): void {
  const ideal = 2 / Math.sqrt(points.length);
  for (let round = 0; round < ROUNDS; round++) {
    const moves = points.map(() => ({ x: 0, y: 0 }));
    const push = (i: number, k: number, force: (distance: number) => number) => {
      const [dx, dy] = [points[i]!.x - points[k]!.x, points[i]!.y - points[k]!.y];
      const distance = Math.max(Math.hypot(dx, dy), 0.001);
      const factor = force(distance) / distance;
      moves[i]!.x += dx * factor;
      moves[i]!.y += dy * factor;
      moves[k]!.x -= dx * factor;
      moves[k]!.y -= dy * factor;
    };
    for (let i = 0; i < points.length; i++) {
      for (let k = 0; k < i; k++) push(i, k, (distance) => (ideal * ideal) / distance);
    }
    for (const [i, k] of edges) push(i, k, (distance) => -(distance * distance) / ideal);
    const heat = 0.15 * (1 - round / ROUNDS);
    for (const [i, point] of points.entries()) {
      const { x, y } = moves[i]!;
      const length = Math.max(Math.hypot(x, y), 0.001);
      point.x += (x / length) * Math.min(length, heat);
      point.y += (y / length) * Math.min(length, heat);
    }
  }
}

/** Stretches points over the whole square. */
function fitted(points: readonly Point[]): Point[] {
  const range = (values: readonly number[]) => {
    const least = Math.min(...values);
    const size = Math.max(...values) - least;
    return (value: number) => (size < 0.001 ? 0.5 : (value - least) / size);
  };
  const [x, y] = [range(points.map((point) => point.x)), range(points.map((point) => point.y))];
  return points.map((point) => ({ x: x(point.x), y: y(point.y) }));
}
