import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AutoMiner, type MiningMode } from '../../../src/devnet/network/mining-mode.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { CountedClock } from '../../support/counted-clock.ts';

let clock: CountedClock;
let mined: number;
let miner: AutoMiner;
/** What the next attempts to mine do: undefined mines. */
let outcomes: (Promise<unknown> | undefined)[];
let waiting: () => Promise<number>;
/** The mode and failure at each change. */
let changes: [MiningMode, string | undefined][];
beforeEach(() => {
  clock = new CountedClock();
  mined = 0;
  outcomes = [];
  changes = [];
  waiting = async () => 0;
  miner = new AutoMiner(clock, new SeededRandom(1), {
    waiting: () => waiting(),
    mine: async () => {
      await outcomes.shift();
      mined++;
    },
  });
  miner.onChange(() => changes.push([miner.mode, miner.failure?.message]));
});
afterEach(() => miner.stop());

/** Returns what an attempt to mine that fails does. */
const failing = (message: string) => {
  const failure = Promise.reject(new Error(message));
  failure.catch(() => {});
  return failure;
};

/** Advances the clock second by second, so that each block is mined before the next is due. */
async function pass(seconds: number): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    clock.advance(1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('mining at an interval', () => {
  it('begins with the mode, and mines once in each', async () => {
    miner.mode = { interval: 10 };
    await pass(9);
    expect(mined).toBe(0);
    await pass(1);
    expect(mined).toBe(1);
    await pass(90);
    expect(mined).toBe(10);
  });

  it.each([
    ['another interval', { interval: 60 }, 1, 1],
    ['a number of transactions', { transactions: 1 }, 0, 0],
    ['manual', 'manual', 0, 0],
  ] as const)('ends with %s', async (_, mode, blocks, timers) => {
    miner.mode = { interval: 10 };
    await pass(5);
    miner.mode = mode;
    await pass(60);
    expect([mined, clock.timers]).toEqual([blocks, timers]);
  });
});

describe('a failure to mine', () => {
  it('is kept until a block is mined, and reported once for attempts that fail alike', async () => {
    const mode = { interval: 10 };
    miner.mode = mode;
    outcomes.push(failing('full'), failing('full'), failing('empty'));
    await pass(20);
    expect([miner.failure?.message, mined]).toEqual(['full', 0]);
    await pass(10);
    expect(miner.failure?.message).toBe('empty');
    await pass(20);
    expect([miner.failure, mined]).toEqual([undefined, 2]);
    expect(changes).toEqual([
      [mode, undefined],
      [mode, 'full'],
      [mode, 'empty'],
      [mode, undefined],
    ]);
  });

  it('to look at the mempool is kept until that works', async () => {
    waiting = () => failing('stopped');
    miner.mode = { transactions: 5 };
    await pass(1);
    expect(miner.failure?.message).toBe('stopped');
    waiting = async () => 1;
    miner.changed();
    await pass(1);
    expect([miner.failure, mined]).toEqual([undefined, 0]);
  });

  it.each(['manual', { interval: 10 }] as const)('ends with the mode, when %j is set', async (next) => {
    miner.mode = { interval: 10 };
    outcomes.push(failing('full'));
    await pass(10);
    expect(miner.failure?.message).toBe('full');
    miner.mode = next;
    expect(miner.failure).toBe(undefined);
    expect(changes.at(-1)).toEqual([next, undefined]);
  });

  it('of a mode that has ended meanwhile is none', async () => {
    let fail = (_: Error) => {};
    outcomes.push(
      new Promise((_, reject) => {
        fail = reject;
      }),
    );
    miner.mode = { interval: 10 };
    await pass(10);
    miner.mode = { interval: 20 };
    fail(new Error('late'));
    await pass(1);
    expect(miner.failure).toBe(undefined);
    miner.mode = 'manual';
    await pass(1);
    miner.mode = 'manual';
    expect(changes).toHaveLength(3);
  });
});
