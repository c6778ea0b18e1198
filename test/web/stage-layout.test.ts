import { describe, expect, it } from 'vitest';
import { shapeLinks, shapeNames } from '../../src/devnet/topology/shapes.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { type Point, placeNodes } from '../../src/web/model/stage/layout.ts';
import {
  type Density,
  extentOf,
  layOutStage,
  movePlaces,
  overlap,
  type StageLayout,
} from '../../src/web/model/stage/stage-layout.ts';

/** The ground that the stage has on a wide screen, on a projector and on a phone. */
const GROUNDS = {
  wide: { width: 1060, height: 440 },
  projected: { width: 700, height: 330 },
  phone: { width: 390, height: 560 },
};

const namesOf = (count: number) => Array.from({ length: count }, (_, i) => `node${i + 1}`);

function wantedOf(shape: (typeof shapeNames)[number], count: number): Map<string, Point> {
  const names = namesOf(count);
  const pairs = shapeLinks(shape, count, new SeededRandom(1));
  return placeNodes(
    names,
    pairs.map(([from, to]) => ({ from: names[from]!, to: names[to]! })),
  );
}

/** Returns the pairs of nodes that cover each other, and nodes that stand outside. */
function faults({ places, density, height }: StageLayout, width: number): string[] {
  const all = [...places];
  return all.flatMap(([name, place], i) => {
    const { left, right, top, bottom } = extentOf(name, density);
    const isOutside =
      place.x < left || place.x > width - right || place.y < top || place.y > Math.max(height - bottom, top);
    const covered = all
      .slice(i + 1)
      .filter(([other, at]) => overlap(place, at, extentOf(name, density), extentOf(other, density)))
      .map(([other]) => `${name} covers ${other}`);
    return isOutside ? [`${name} is outside`, ...covered] : covered;
  });
}

describe('the layout of the stage', () => {
  const cases = shapeNames.flatMap((shape) => [1, 4, 12, 20, 50].map((count) => [shape, count] as const));
  it.each(cases)('%s of %i nodes: no node covers another, on any screen', (shape, count) => {
    const wanted = wantedOf(shape, count);
    for (const ground of Object.values(GROUNDS)) {
      const layout = layOutStage(wanted, ground);
      expect([...layout.places.keys()]).toEqual(namesOf(count));
      expect(faults(layout, ground.width)).toEqual([]);
      expect(layout.height).toBe(ground.height);
    }
  });

  it('shows less of each node the more there are', () => {
    const densities = [1, 4, 12, 20, 50].map(
      (count): Density => layOutStage(wantedOf('ring', count), GROUNDS.wide).density,
    );
    expect(densities).toEqual(['roomy', 'roomy', 'close', 'close', 'dense']);
    expect(layOutStage(wantedOf('line', 20), GROUNDS.phone).density).toBe('dense');
    expect(layOutStage(wantedOf('ring', 4), GROUNDS.wide).column).toEqual({ blocks: 6, dots: 40 });
  });

  it('needs more ground for more than fit, rather than let them cover each other', () => {
    const narrow = { width: 200, height: 150 };
    const layout = layOutStage(wantedOf('random', 50), narrow);
    expect(layout.height).toBeGreaterThan(narrow.height);
    expect(faults(layout, narrow.width)).toEqual([]);
  });

  it('has room for long names, which it cuts off, and for wide letters', () => {
    const names = ['a', '节点一号节点', 'x'.repeat(60)];
    const widths = names.map((name) => extentOf(name, 'dense').left * 2);
    expect(widths[1]).toBeGreaterThanOrEqual(6 * 15);
    expect(widths[2]).toBeLessThan(170);
    const layout = layOutStage(placeNodes(names, []), { width: 400, height: 60 });
    expect(faults(layout, 400)).toEqual([]);
  });

  it('leaves what was put somewhere there, inside of the ground', () => {
    const wanted = wantedOf('ring', 4);
    const pinned = new Map([
      ['node2', { x: 0.5, y: 0.5 }],
      ['node3', { x: 2, y: -1 }],
      ['gone', { x: 0, y: 0 }],
    ]);
    const layout = layOutStage(wanted, GROUNDS.wide);
    const { places, density } = movePlaces(layout, pinned);
    const { right, top } = extentOf('node3', density);
    expect(places.get('node2')).toEqual({ x: 530, y: 220 });
    expect(places.get('node3')).toEqual({ x: 1060 - right, y: top });
    expect(places.has('gone')).toBe(false);
    expect(places.get('node1')).toEqual(layout.places.get('node1'));
    // Smaller ground, the same share of it.
    const smaller = layOutStage(wanted, { width: 800, height: 600 });
    expect(movePlaces(smaller, pinned).places.get('node2')).toEqual({ x: 400, y: 300 });
  });

  it('keeps the shape of the network where there is room', () => {
    const { places } = layOutStage(wantedOf('ring', 12), { width: 1400, height: 1400 });
    const distance = (a: string, b: string) =>
      Math.hypot(places.get(a)!.x - places.get(b)!.x, places.get(a)!.y - places.get(b)!.y);
    expect(distance('node1', 'node2')).toBeLessThan(distance('node1', 'node7'));
  });
});
