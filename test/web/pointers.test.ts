import { expect, it } from 'vitest';
import { usePointers } from '../../src/web/view/time/use-pointers.ts';

/** A diagram with the line of a message at 100 px, and what pointers do with it. */
function diagram() {
  const done: string[] = [];
  const pointers = usePointers({
    messageAt: (x, _, reach) => (Math.abs(x - 100) <= reach ? ({ id: 7 } as never) : undefined),
    hover: (message) => done.push(`hover ${message?.id}`),
    open: ({ id }) => done.push(`open ${id}`),
    scrub: (x) => done.push(`scrub ${x}`),
    zoom: (factor, x) => done.push(`zoom ${factor.toFixed(2)} ${x}`),
  });
  const target = { setPointerCapture: () => {} };
  /** Returns what a pointer does. */
  const point = (type: string, x: number, { pointerType = 'mouse', pointerId = 1, button = 0 } = {}) => {
    done.length = 0;
    pointers.onPointer({ type: `pointer${type}`, pointerType, pointerId, button, target } as never, x, 50);
    return [...done];
  };
  return { point };
}

it('a mouse opens the line that it clicks, and scrubs elsewhere and when it is dragged', () => {
  const { point } = diagram();
  expect([point('move', 103), point('move', 120), point('leave', 120)]).toEqual([
    ['hover 7'],
    ['hover undefined'],
    ['hover undefined'],
  ]);
  expect([point('down', 104), point('move', 106), point('up', 106)]).toEqual([[], [], ['open 7']]);
  expect([point('down', 104), point('move', 112), point('move', 110), point('up', 110)]).toEqual([
    [],
    ['hover undefined', 'scrub 112'],
    ['hover undefined', 'scrub 110'],
    [],
  ]);
  expect(point('down', 200)).toEqual(['scrub 200']);
  expect(point('move', 230)).toEqual(['hover undefined', 'scrub 230']);
  expect(point('up', 230)).toEqual([]);
  expect([point('down', 100, { button: 2 }), point('up', 100, { button: 2 })]).toEqual([[], []]);
});

it('fingers tap, drag and zoom, and a scroll of the page does nothing', () => {
  const { point } = diagram();
  const first = { pointerType: 'touch', pointerId: 1 };
  const second = { pointerType: 'touch', pointerId: 2 };
  expect([point('down', 112, first), point('up', 112, first)]).toEqual([[], ['open 7']]);
  expect([point('down', 200, first), point('up', 200, first)]).toEqual([[], ['scrub 200']]);
  expect([point('down', 200, first), point('cancel', 200, first)]).toEqual([[], []]);
  expect([point('down', 200, first), point('down', 300, second)]).toEqual([[], []]);
  expect(point('move', 400, second)).toEqual(['zoom 0.50 300']);
  expect(point('move', 300, first)).toEqual(['zoom 2.00 350']);
  // The finger that stays does not scrub.
  expect([point('up', 400, second), point('move', 320, first), point('up', 320, first)]).toEqual([[], [], []]);
});
