import { expect, it } from 'vitest';
import { Arrivals } from '../../../../src/devnet/network/events/arrivals.ts';

it('finds each message that has arrived, whichever end reports first, and bounds what waits', () => {
  const found: [string, number, number][] = [];
  const arrivals = new Arrivals(({ node, id }, at) => void found.push([node, id, at]));
  arrivals.sent('a b 1', { node: 'a', id: 7 });
  arrivals.received('b a 1', 20);
  expect(found).toEqual([]);
  arrivals.received('a b 1', 30);
  arrivals.sent('b a 1', { node: 'b', id: 8 });
  expect(found).toEqual([
    ['a', 7, 30],
    ['b', 8, 20],
  ]);
  // Once.
  arrivals.received('a b 1', 31);
  expect(found).toHaveLength(2);
  // A connection that begins anew counts from 1 again: what has not arrived on the old one is given up.
  arrivals.sent('c d 1', { node: 'c', id: 9 });
  arrivals.sent('c d 1', { node: 'c', id: 10 });
  arrivals.received('c d 1', 40);
  expect(found.at(-1)).toEqual(['c', 10, 40]);
  arrivals.sent('old', { node: 'e', id: 11 });
  for (let i = 0; i < 10_000; i++) arrivals.sent(`e f ${i}`, { node: 'e', id: i });
  arrivals.received('old', 50);
  arrivals.received('e f 0', 51);
  expect(found.slice(3)).toEqual([['e', 0, 51]]);
});
