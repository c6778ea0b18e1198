import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestNode } from './test-node.ts';

const NOW = 1_700_000_000;
const DAY = 24 * 60 * 60;

let node: TestNode;
beforeAll(async () => {
  node = await TestNode.start();
  await node.call('setmocktime', NOW);
});
beforeEach(() => node.call('clearbanned'));
afterAll(() => node.stop());

describe('setban', () => {
  // As in Core's BanMan::Ban.
  it.each<[string, unknown[], number]>([
    ['a day by default', [], DAY],
    ['a day for 0', [0], DAY],
    ['a day for a negative time', [-1], DAY],
    ['one second', [1], 1],
    ['the time until a timestamp', [NOW + 60, true], 60],
  ])('bans for %s', async (_, times, duration) => {
    await node.call('setban', '10.0.0.1', 'add', ...times);
    expect(await node.call('listbanned')).toEqual([
      {
        address: '10.0.0.1/32',
        ban_created: NOW,
        banned_until: NOW + duration,
        ban_duration: duration,
        time_remaining: duration,
      },
    ]);
  });

  it('refuses a timestamp in the past', async () => {
    await expect(node.call('setban', '10.0.0.1', 'add', NOW - 1, true)).rejects.toMatchObject({
      rpcCode: -8,
      message: 'Error: Absolute timestamp is in the past',
    });
    expect(await node.call('listbanned')).toEqual([]);
  });
});
