import { expect, it } from 'vitest';
import { askMiners, ChainHeaders, expectedHashes, modeOf, withPrefix } from '../../src/web/model/mining/mining-info.ts';
import { Timeline } from '../../src/web/model/timeline.ts';

const START = 1_800_000_000_000;

function started(): Timeline {
  const timeline = new Timeline();
  const node = (name: string, role: string, status = 'running') => ({
    ...{ name, role, status, height: 1, tip: 'h1', peers: 1, mempool: 0 },
  });
  timeline.start(
    {
      nodes: [node('a', 'full'), node('pool', 'miner'), node('phone', 'light'), node('off', 'full', 'stopped')],
    } as never,
    [],
    START,
  );
  timeline.addBlock({ hash: 'h0', height: 0, previous: '' });
  timeline.addBlock({ hash: 'h1', height: 1, previous: 'h0' });
  return timeline;
}

it('each mode of mining has its arguments and its command', () => {
  expect(modeOf('manual', 5)).toEqual({ mode: 'manual', command: 'pier mining manual' });
  expect(modeOf('transactions', 5)).toEqual({ mode: { transactions: 5 }, command: 'pier mining transactions 5' });
  expect(modeOf('interval', 10)).toEqual({ mode: { interval: 10 }, command: 'pier mining interval 10' });
  expect(modeOf('poisson', 10)).toEqual({
    mode: { interval: 10, poisson: true },
    command: 'pier mining poisson 10',
  });
});

it('numbers are short, and difficulties are hashes', () => {
  expect([0, 999, 1_250, 1_250_000, 3e9].map(withPrefix)).toEqual(['0 ', '999 ', '1.25 k', '1.25 M', '3 G']);
  // Regtest takes two on average, difficulty 1 about 2^32.
  expect([expectedHashes(4.656542373906925e-10), expectedHashes(1), expectedHashes(0)]).toEqual([2, 4_295_032_833, 1]);
});

it('miners come first, nodes that are stopped or light are not asked', async () => {
  const timeline = started();
  const asked: string[] = [];
  const call = async (name: string) => {
    asked.push(name);
    if (name === 'a') throw new Error('another program');
    return { running: false, hashrate: 7 } as never;
  };
  expect([...(await askMiners(timeline, { call }, 9))]).toEqual([['pool', { running: false, hashrate: 7 }]]);
  expect(asked).toEqual(['pool', 'a']);
  timeline.add({ number: 1, time: START + 1, type: 'mining', node: 'a', state: 'searching', height: 2 });
  asked.length = 0;
  await askMiners(timeline, { call }, 1);
  expect(asked).toEqual(['a']);
});

it('blocks have what their headers say, once each is asked for', async () => {
  const timeline = started();
  const event = (ms: number, node: string) =>
    timeline.add({
      ...{ number: ms, time: START + ms, type: 'block', node, height: 2, hash: 'h2', previous: 'h1' },
      ...{ transactions: 1, size: 1 },
    } as never);
  event(20, 'pool');
  event(50, 'a');
  const headers = new ChainHeaders(timeline);
  const asked: string[] = [];
  const call = async (hash: string) => {
    asked.push(hash);
    if (hash === 'h0') throw new Error('no node runs');
    return { time: hash === 'h2' ? 113 : 100, difficulty: hash === 'h2' ? 4 : 1, nonce: 0 };
  };
  expect(headers.blocks(START + 99)).toEqual([]);
  expect(await headers.load(call, START + 99)).toBe(true);
  expect(asked).toEqual(['h2', 'h1', 'h0']);
  expect(headers.blocks(START + 99)).toEqual([
    { hash: 'h1', height: 1, time: 100, difficulty: 1, interval: undefined, miner: undefined },
    { hash: 'h2', height: 2, time: 113, difficulty: 4, interval: 13, miner: 'pool' },
  ]);
  asked.length = 0;
  expect(await headers.load(call, START + 99)).toBe(false);
  expect(asked).toEqual(['h0']);
  // The past has fewer blocks.
  expect(headers.blocks(START + 10).map(({ hash }) => hash)).toEqual(['h1']);
});
