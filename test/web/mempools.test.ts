import { describe, expect, it } from 'vitest';
import { loadMempools } from '../../src/web/model/mempool/mempool-loader.ts';
import {
  arrivalsAt,
  BLOCK_VSIZE,
  feeHistogram,
  futureBlocks,
  layOutSquares,
  mempoolsAt,
  shadeOf,
} from '../../src/web/model/mempool/mempools.ts';
import { NodeNumbers, Stays } from '../../src/web/model/mempool/stays.ts';
import { type KnownTransaction, Timeline } from '../../src/web/model/timeline.ts';

const START = 1_800_000_000_000;
const id = (digit: string) => digit.repeat(64);
let number = 0;

function started(): Timeline {
  const timeline = new Timeline();
  const node = (name: string, role: string) => ({
    name,
    role,
    status: 'running',
    height: 1,
    tip: 'a',
    peers: 1,
    mempool: 1,
  });
  timeline.start(
    { nodes: [node('a', 'full'), node('b', 'miner'), node('c', 'full'), node('d', 'light')] } as never,
    [],
    START,
  );
  return timeline;
}

const change = (timeline: Timeline, ms: number, node: string, digit: string, rate: number, kind = 'added') =>
  timeline.add({
    ...{ number: ++number, time: START + ms, type: 'transaction', node, txid: id(digit), change: kind },
    ...{ vsize: 100, fee: rate * 100 },
  } as never);

const transaction = (vsize: number, rate: number): KnownTransaction => ({
  ...{ txid: id('f'), vsize, fee: vsize * rate, stays: new Stays(new NodeNumbers()) },
});

/** Three transactions, of which one has reached all full nodes and left one of them. */
function filled(): Timeline {
  const timeline = started();
  change(timeline, 10, 'a', '1', 5);
  change(timeline, 30, 'b', '1', 5);
  change(timeline, 50, 'c', '1', 5);
  change(timeline, 60, 'b', '2', 90);
  change(timeline, 70, 'a', '3', 20);
  change(timeline, 80, 'c', '1', 5, 'removed');
  return timeline;
}

describe('mempools', () => {
  it('are together where they are equal, best fee rates first, at each moment', () => {
    const at = (ms: number) =>
      mempoolsAt(filled(), START + ms).map(({ nodes, transactions }) => [
        nodes.join(),
        transactions.map(({ txid }) => txid[0]).join(''),
      ]);
    expect(at(5)).toEqual([['a,b,c', '']]);
    expect(at(55)).toEqual([['a,b,c', '1']]);
    expect(at(90)).toEqual([
      ['a', '31'],
      ['b', '21'],
      ['c', ''],
    ]);
  });

  it('of stopped nodes are not there', () => {
    const timeline = filled();
    timeline.add({
      number: 99,
      time: START + 100,
      type: 'node',
      node: 'a',
      role: 'full',
      status: 'stopped',
      height: -1,
      tip: '',
      peers: 0,
    });
    expect(mempoolsAt(timeline, START + 110).map(({ nodes }) => nodes.join())).toEqual(['b', 'c']);
  });

  it('make blocks that are full, the best fee rates first', () => {
    const third = Math.floor(BLOCK_VSIZE / 3);
    const all = [transaction(third, 9), transaction(third, 8), transaction(third, 7), transaction(third, 6)];
    expect(futureBlocks(all).map(({ transactions, vsize }) => [transactions.length, vsize])).toEqual([
      [3, 3 * third],
      [1, third],
    ]);
    expect(futureBlocks([transaction(2 * BLOCK_VSIZE, 1)])).toHaveLength(1);
    expect(futureBlocks([])).toEqual([]);
  });

  it('have histograms of the rates that there are', () => {
    expect(feeHistogram([transaction(100, 1), transaction(50, 1.9), transaction(10, 12), transaction(1, 900)])).toEqual(
      [
        { from: 1, vsize: 150 },
        { from: 2, vsize: 0 },
        { from: 5, vsize: 0 },
        { from: 10, vsize: 10 },
        { from: 20, vsize: 0 },
        { from: 50, vsize: 0 },
        { from: 100, vsize: 0 },
        { from: 200, vsize: 0 },
        { from: 500, vsize: 1 },
      ],
    );
    expect(feeHistogram([transaction(9, 0)])).toEqual([{ from: 0, vsize: 9 }]);
    expect(feeHistogram([])).toEqual([]);
  });

  it('hold what was there before the first event, as the nodes say', async () => {
    const timeline = started();
    change(timeline, 10, 'a', '1', 5);
    const asked: string[] = [];
    await loadMempools(timeline, {
      call: async (node, method, params) => {
        asked.push(`${node} ${method} ${params}`);
        if (node === 'b') throw new Error('it has stopped');
        return {
          [id('7')]: { vsize: 141, fees: { base: 0.00001234 } },
          [id('1')]: { vsize: 9, fees: { base: 1 } },
        } as never;
      },
    });
    expect(asked).toEqual(['a getrawmempool true', 'b getrawmempool true', 'c getrawmempool true']);
    const known = timeline.transactions.get(id('7'))!;
    expect([known.vsize, known.fee, [...known.stays].map(([name]) => name).join()]).toEqual([141, 1_234, 'a,c']);
    expect(known.stays.isIn('a', START)).toBe(true);
    // What an event has said is not changed.
    expect(timeline.transactions.get(id('1'))!.stays.get('a')).toEqual({ added: START + 10 });
    expect(timeline.transactions.get(id('1'))!.vsize).toBe(100);
  });
});

describe('the matrix', () => {
  it('has rows of transactions with the delay of each node', () => {
    const { rows, total } = arrivalsAt(filled(), START + 90, { order: 'newest', count: 9 });
    expect(total).toBe(3);
    expect(rows.map(({ transaction, delays, present }) => [transaction.txid[0], delays, present])).toEqual([
      ['3', [0, undefined, undefined], 1],
      ['2', [undefined, 0, undefined], 1],
      ['1', [0, 20, 40], 2],
    ]);
  });

  it('is ordered by fee rate too, has bounds, and knows the past', () => {
    const by = (order: 'newest' | 'rate', count: number, ms: number) => {
      const { rows, total } = arrivalsAt(filled(), START + ms, { order, count });
      return [rows.map(({ transaction }) => transaction.txid[0]).join(''), total];
    };
    expect(by('rate', 9, 90)).toEqual(['231', 3]);
    expect(by('rate', 1, 90)).toEqual(['2', 3]);
    expect(by('newest', 9, 65)).toEqual(['21', 2]);
    expect(arrivalsAt(filled(), START + 35, { order: 'rate', count: 1 }).rows[0]!.delays).toEqual([0, 20, undefined]);
  });

  it('is fainter the later a transaction came, but never empty', () => {
    const shades = [0, 10, 100, 1_000, 1e9].map(shadeOf);
    expect(shades[0]).toBe(1);
    expect([...shades].sort((a, b) => b - a)).toEqual(shades);
    expect(new Set(shades).size).toBe(5);
    expect(shades[4]).toBe(0.2);
  });
});

describe('squares of transactions', () => {
  it.each([[[1]], [[5, 3, 2]], [Array.from({ length: 200 }, (_, i) => 100 + ((i * 37) % 900))]])(
    'fill the block, each as large as its part (%#)',
    (sizes) => {
      const placed = layOutSquares(sizes, 100, 100);
      const total = sizes.reduce((sum, size) => sum + size, 0);
      expect(placed).toHaveLength(sizes.length);
      for (const [i, { x, y, width, height }] of placed.entries()) {
        expect(width * height).toBeCloseTo((sizes[i]! / total) * 10_000, 6);
        expect(x >= 0 && y >= 0 && x + width <= 100.0001 && y + height <= 100.0001).toBe(true);
      }
    },
  );

  it('are nearly square, and none where there is nothing', () => {
    const placed = layOutSquares(Array(100).fill(1), 100, 100);
    for (const { width, height } of placed) expect(Math.max(width / height, height / width)).toBeLessThan(2);
    expect(layOutSquares([], 9, 9)).toEqual([]);
    expect(layOutSquares([0], 9, 9)).toEqual([]);
  });
});
