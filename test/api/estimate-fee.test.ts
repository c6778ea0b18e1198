import { describe, expect, it } from 'vitest';
import { noPause } from '../../src/api/json/step.ts';
import { estimateFeeRate } from '../../src/api/methods/mempool/estimate-fee.ts';
import type { MempoolEntry } from '../../src/mempool/entry.ts';
import type { Mempool } from '../../src/mempool/mempool.ts';
import { randomInt } from '../../src/platform/random.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';

/** Virtual bytes of a block. */
const BLOCK = 1_000_000;

/** A transaction by its fee rate in satoshis per 1,000 virtual bytes, also with its ancestors, and its size. */
interface Given {
  readonly rate: number;
  readonly ancestorRate?: number;
  readonly vsize: number;
}

/** A mempool of given transactions, whose minimum fee rate is 1,000. */
function mempoolOf(given: readonly Given[]): Mempool {
  const entries = given.map(({ rate, ancestorRate = rate, vsize }) => ({
    vsize,
    modifiedFee: BigInt((rate * vsize) / 1000),
    ancestorSize: 10 * vsize,
    ancestorFees: BigInt((ancestorRate * 10 * vsize) / 1000),
  }));
  return {
    minFeeRate: () => 1_000n,
    bytes: given.reduce((sum, { vsize }) => sum + vsize, 0),
    entries: () => (entries as unknown as MempoolEntry[]).values(),
  } as unknown as Mempool;
}

const estimate = (blocks: number, ...given: Given[]) => estimateFeeRate(mempoolOf(given), blocks, noPause);

describe('estimateFeeRate', () => {
  it("is the mempool's minimum if the blocks have room for all", async () => {
    expect(await estimate(1)).toBe(1_000n);
    expect(await estimate(1, { rate: 50_000, vsize: BLOCK })).toBe(1_000n);
    expect(await estimate(2, { rate: 50_000, vsize: BLOCK }, { rate: 3_000, vsize: BLOCK })).toBe(1_000n);
  });

  it('is just above the first transaction that does not fit', async () => {
    const given = [
      { rate: 2_000, vsize: 400_000 },
      { rate: 50_000, vsize: 600_000 },
      { rate: 7_000, vsize: 300_000 },
      { rate: 9_000, vsize: 100_000 },
    ];
    // 600,000 and 100,000 and 300,000 fill a block.
    expect(await estimate(1, ...given)).toBe(2_001n);
    expect(await estimate(1, ...given, { rate: 9_000, vsize: 1_000 })).toBe(7_001n);
    expect(await estimate(1, ...given, { rate: 60_000, vsize: 400_000 })).toBe(9_001n);
    expect(await estimate(1, ...given, { rate: 60_000, vsize: 400_001 - 1_000 + 1_000 })).toBe(50_001n);
    expect(await estimate(2, ...given)).toBe(1_000n);
    expect(await estimate(2, ...given, { rate: 90_000, vsize: BLOCK })).toBe(2_001n);
  });

  it('is at least the minimum of the mempool', async () => {
    expect(await estimate(1, { rate: 500, vsize: 2 * BLOCK })).toBe(1_000n);
    expect(await estimate(1, { rate: 1_000, vsize: 2 * BLOCK })).toBe(1_001n);
  });

  it('counts a transaction at the rate with its ancestors if that is lower', async () => {
    const full = { rate: 20_000, vsize: BLOCK };
    expect(await estimate(1, full, { rate: 30_000, ancestorRate: 4_000, vsize: 1_000 })).toBe(4_001n);
    expect(await estimate(1, full, { rate: 4_000, ancestorRate: 30_000, vsize: 1_000 })).toBe(4_001n);
    expect(await estimate(1, full, { rate: 30_000, vsize: 1_000 })).toBe(20_001n);
  });

  it('ends for a transaction that is prioritised absurdly', async () => {
    const absurd = { rate: 2 ** 60, vsize: 1_000 };
    expect(await estimate(1, absurd, { rate: 5_000, vsize: BLOCK })).toBe(5_001n);
    expect(await estimate(1, { ...absurd, vsize: 2 * BLOCK })).toBeGreaterThan(BigInt(2 ** 51));
  });

  it('equals the rate found by sorting', async () => {
    const random = new SeededRandom(1008);
    for (let i = 0; i < 300; i++) {
      const given = Array.from({ length: 1 + randomInt(random, 40) }, () => ({
        rate: 1_000 * (1 + randomInt(random, 12)),
        vsize: 1_000 * (1 + randomInt(random, 200)),
      }));
      const blocks = 1 + randomInt(random, 3);
      let room = blocks * BLOCK;
      const sorted = [...given].sort((a, b) => b.rate - a.rate);
      const first = sorted.find(({ vsize }) => {
        room -= vsize;
        return room < 0;
      });
      expect(await estimate(blocks, ...given)).toBe(first ? BigInt(first.rate + 1) : 1_000n);
    }
  });

  it('calls `step` for each transaction', async () => {
    let steps = 0;
    const given = Array.from({ length: 3000 }, () => ({ rate: 5_000, vsize: 1_000 }));
    await estimateFeeRate(mempoolOf(given), 1, () => void steps++ as undefined);
    expect(steps).toBeGreaterThan(3000);
  });
});
