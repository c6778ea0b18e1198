import { describe, expect, it } from 'vitest';
import { verificationProgress } from '../../src/api/methods/blockchain/verification-progress.ts';
import { chainParams, regtest } from '../../src/consensus/params.ts';

const NOW = 1_780_000_000;

describe('verificationprogress', () => {
  it("is the share of the network's estimated transactions", () => {
    const main = chainParams('main');
    const { time, txCount } = main.chainTxData;
    const genesis = { height: 0, time: 1_231_006_505, chainTxCount: 1 };
    expect(verificationProgress(genesis, 0, main, time)).toBe(1 / txCount);
    // 5.4 transactions a second since then.
    const half = { height: 500_000, time: 1_513_622_125, chainTxCount: txCount / 2 };
    expect(verificationProgress(half, 900_000, main, time + 1_000_000)).toBeCloseTo(0.49796, 5);
    const old = { height: 940_000, time: time + 1000, chainTxCount: txCount + 5000 };
    expect(verificationProgress(old, 940_000, main, time + 100_000)).toBeLessThan(1);
  });

  it('is estimated from heights for a recent tip, and is 1 at the best header', () => {
    const tip = { height: 100, time: NOW - 7200, chainTxCount: 101 };
    expect(verificationProgress(tip, 100, regtest, NOW)).toBe(1);
    // Ten blocks of ten minutes, at a transaction per 1,000 seconds.
    expect(verificationProgress(tip, 110, regtest, NOW)).toBeCloseTo(101 / 107, 12);
    expect(verificationProgress({ ...tip, time: NOW - 7201 }, 100, regtest, NOW)).toBeCloseTo(101 / 108.201, 12);
    expect(verificationProgress({ ...tip, chainTxCount: 0 }, 100, regtest, NOW)).toBe(0);
  });
});
