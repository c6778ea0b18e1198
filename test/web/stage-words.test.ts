import { describe, expect, it } from 'vitest';
import { drawLinks } from '../../src/web/draw/links.ts';
import type { StageScene } from '../../src/web/draw/stage-scene.ts';
import { placeWords, WORDS_HEIGHT } from '../../src/web/model/stage/link-words.ts';
import { namesText, rowsOf, widthOf } from '../../src/web/model/stage/tree-labels.ts';
import { Timeline } from '../../src/web/model/timeline.ts';

describe('names beside tips', () => {
  it('are shortened, and counted where there is no room for all', () => {
    expect(namesText(['a', 'b'])).toBe('a, b');
    expect(namesText(['shop-in-the-old-town'])).toBe('shop-in-the-old…');
    const twelve = Array.from({ length: 12 }, (_, i) => `node${i + 1}`);
    expect(namesText(twelve)).toBe('node1, node2, node3, node4, node5, node6 +6');
    const long = twelve.map((name) => `${name}-of-the-northern-pool`);
    expect(namesText(long)).toBe('node1-of-the-no…, node2-of-the-no… +10');
    expect(namesText(long.slice(0, 1))).toBe('node1-of-the-no…');
  });

  it('take the row of none that they would reach, nor the lines that lead to lower rows', () => {
    const label = (x: number, text: string, lane = 0) => ({ x, text, lane });
    // Twelve nodes on three tips near each other, in one lane.
    const near = [label(0, 'a'.repeat(40)), label(46, 'b'.repeat(40)), label(92, 'c')];
    expect(rowsOf(near)).toEqual([2, 1, 0]);
    // Names that end before the next tip, also before the line from the middle tip down.
    expect(rowsOf([label(0, 'aaa'), ...near.slice(1)])).toEqual([0, 1, 0]);
    expect(rowsOf([label(0, 'a'.repeat(8)), ...near.slice(1)])).toEqual([2, 1, 0]);
    expect(rowsOf([label(0, 'a'.repeat(40)), label(46, 'b', 1)])).toEqual([0, 0]);
    const random = Array.from({ length: 40 }, (_, i) => label((i * 7919) % 900, 'x'.repeat((i * 31) % 45), i % 3));
    const rows = rowsOf(random);
    for (const [i, a] of random.entries()) {
      for (const [k, b] of random.entries()) {
        if (i === k || a.lane !== b.lane || a.x > b.x || (a.x === b.x && i > k)) continue;
        // To the right of it, and within it: neither in its row, nor with a line through it.
        const isWithin = b.x < a.x + widthOf(a.text);
        if (isWithin && a.x !== b.x) expect(rows[i]).toBeGreaterThan(rows[k]!);
        if (isWithin) expect(rows[i]).not.toBe(rows[k]);
      }
    }
  });
});

describe('words of links', () => {
  const [from, to] = [
    { x: 0, y: 100 },
    { x: 400, y: 100 },
  ];
  const words = { from, to, width: 60 };
  const node = (x: number) => ({ left: x - 40, right: x + 40, top: 60, bottom: 180 });

  it('stand in the middle, or where no node and no other words are', () => {
    expect(placeWords([words], [node(0), node(400)])).toEqual([{ x: 200, y: 100 }]);
    const [at] = placeWords([words], [node(0), node(200), node(400)]);
    expect(Math.abs(at!.x - 200)).toBeGreaterThanOrEqual(70);
    expect(at!.x).toBeGreaterThanOrEqual(70);
    expect(at!.x).toBeLessThanOrEqual(330);
    const [first, second] = placeWords([words, words], []);
    expect(Math.abs(first!.x - second!.x)).toBeGreaterThanOrEqual(words.width);
  });

  it('are left out where they could not be read', () => {
    expect(placeWords([words], [{ left: 0, right: 400, top: 60, bottom: 180 }])).toEqual([undefined]);
    // A corner may be covered.
    const corner = { left: -1e3, right: 1e3, top: 0, bottom: 100 - WORDS_HEIGHT / 2 + 2 };
    expect(placeWords([words], [corner])).toEqual([{ x: 200, y: 100 }]);
  });
});

it('draws a gap in links that carry nothing: cut ones, and faint ones of stopped nodes', () => {
  const timeline = new Timeline();
  const node = { role: 'full', height: 1, tip: '', peers: 1, mempool: 0 } as const;
  timeline.start(
    {
      nodes: ['a', 'b', 'c', 'd'].map((name) => ({
        ...{ ...node, name, status: name === 'd' ? 'stopped' : name === 'c' ? 'paused' : 'running' },
      })) as never,
    },
    ['b', 'c', 'd'].map((to) => ({ from: 'a', to, isCut: false, latency: 0, jitter: 0, loss: 0, bandwidth: 0 })),
    0,
  );
  const drawn: { readonly alpha: number; readonly moves: number; readonly width: number }[] = [];
  let moves = 0;
  const canvas = {
    globalAlpha: 1,
    lineWidth: 1,
    ...{ setLineDash: () => {}, lineTo: () => {}, beginPath: () => (moves = 0), moveTo: () => moves++ },
    stroke: () => drawn.push({ alpha: canvas.globalAlpha, moves, width: canvas.lineWidth }),
  };
  const place = (x: number) => ({ x, y: 0 });
  const scene = {
    ...{ timeline, time: 1, theme: { faint: '', bad: '' }, focus: undefined, isEncrypted: () => false },
    ...{ marked: [{ from: 'a', to: 'b' }] },
    places: new Map(['a', 'b', 'c', 'd'].map((name, i) => [name, place(i * 100)])),
  } as unknown as StageScene;
  const links = () => {
    drawn.length = 0;
    drawLinks(canvas as unknown as CanvasRenderingContext2D, scene);
    return drawn;
  };
  // Two links with their arrows, one with a gap and without, and the one that is marked.
  expect(links()).toEqual([
    ...[
      { alpha: 1, moves: 1, width: 1.5 },
      { alpha: 1, moves: 2, width: 1.5 },
    ],
    ...[
      { alpha: 1, moves: 1, width: 1.5 },
      { alpha: 1, moves: 2, width: 1.5 },
    ],
    { alpha: 0.4, moves: 2, width: 1.5 },
    { alpha: 1, moves: 1, width: 4 },
  ]);
});
