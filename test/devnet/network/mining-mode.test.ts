import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AutoMiner } from '../../../src/devnet/network/mining-mode.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { CountedClock } from '../../support/counted-clock.ts';

let clock: CountedClock;
let mined: number;
let miner: AutoMiner;
beforeEach(() => {
  clock = new CountedClock();
  mined = 0;
  miner = new AutoMiner(clock, new SeededRandom(1), {
    waiting: async () => 0,
    mine: async () => {
      mined++;
    },
    failed: (error) => {
      throw error;
    },
  });
});
afterEach(() => miner.stop());

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
