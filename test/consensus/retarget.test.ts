import { describe, expect, it } from 'vitest';
import { difficultyInterval } from '../../src/consensus/params.ts';
import { blockWork, compactToTarget, nextWorkRequired, targetToCompact } from '../../src/consensus/pow.ts';
import { findNetwork } from '../../src/node/networks.ts';
import { randomInt } from '../../src/platform/random.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { TestHeader } from './support/headers.ts';

const { params } = findNetwork('classroom');
const PERIOD = 20;
const SPACING = 10;

/** Mines headers at a given hash rate; the time of a block follows from its work. */
class Miner {
  tip = new TestHeader({ time: params.genesis.header.time, bits: params.genesis.header.bits });
  readonly chain = [this.tip];
  readonly #random: SeededRandom | undefined;
  #clock: number;

  /** With a seed, the times between blocks are random (exponential); without, they are the expected ones. */
  constructor(start: number, seed?: number) {
    this.#clock = start;
    this.#random = seed === undefined ? undefined : new SeededRandom(seed);
  }

  /** Mines whole periods at a hash rate; returns the bits of the first block of each. */
  mine(periods: number, hashesPerSecond: number): number[] {
    const bits: number[] = [];
    for (let i = 0; i < periods * PERIOD; i++) {
      const next = nextWorkRequired(this.tip, Math.floor(this.#clock), params);
      const chance = this.#random ? -Math.log(1 - randomInt(this.#random, 1_000_000) / 1_000_000) : 1;
      this.#clock += (Number(blockWork(next)) / hashesPerSecond) * chance;
      const time = Math.max(Math.floor(this.#clock), this.tip.medianTimePast() + 1);
      this.tip = new TestHeader({ time, bits: next }, this.tip);
      this.chain.push(this.tip);
      if (this.tip.height % PERIOD === 0) bits.push(next);
    }
    return bits;
  }

  /** Returns the mean time between blocks over the last periods, in seconds. */
  spacing(periods: number): number {
    return (this.tip.time - this.chain.at(-1 - periods * PERIOD)!.time) / (periods * PERIOD);
  }
}

describe('Difficulty on the classroom network', () => {
  it('changes every 20 blocks, by the time of 19 intervals, by at most a factor of four', () => {
    expect(difficultyInterval(params)).toBe(PERIOD);
    for (const [seconds, numerator] of [
      ...[
        [200, 200],
        [199, 199],
        [201, 201],
        [100, 100],
        [400, 400],
      ],
      ...[
        [50, 50],
        [49, 50],
        [0, 50],
        [800, 800],
        [801, 800],
        [100_000, 800],
      ],
    ] as [number, number][]) {
      // Far below the highest target.
      const bits = 0x1d00_ffff;
      const first = new TestHeader({ height: 40, time: 1_800_000_000, bits });
      let last = first;
      for (let i = 1; i < PERIOD; i++) {
        expect(nextWorkRequired(last, 0, params)).toBe(bits);
        last = new TestHeader({ time: first.time + (i === PERIOD - 1 ? seconds : 0), bits }, last);
      }
      const target = (compactToTarget(bits).target * BigInt(numerator)) / 200n;
      expect([seconds, nextWorkRequired(last, 0, params)]).toEqual([seconds, targetToCompact(target)]);
    }
  });

  it('is never below its minimum, also after the first period, which starts with an old genesis block', () => {
    const miner = new Miner(1_800_000_000);
    const limit = targetToCompact(params.powLimit);
    expect(miner.mine(1, 4_500_000)).toEqual([limit]);
    // A hash rate far too low for ten-second blocks: the difficulty stays at its minimum.
    expect(new Miner(1_800_000_000).mine(6, 1000)).toEqual(Array(6).fill(limit));
  });

  it('adjusts to one core within four periods, and follows the hash rate up and down', () => {
    const miner = new Miner(1_800_000_000);
    const started = miner.tip;
    const ratios = (bits: number[]) => bits.map((b, i) => Number(blockWork(b)) / Number(blockWork(bits[i - 1] ?? b)));
    const rising = ratios(miner.mine(5, 4_500_000));
    // No change at height 20 because of the old genesis block; then a factor of four while blocks are far too fast.
    expect(rising.map((ratio) => Math.round(ratio * 10) / 10)).toEqual([1, 4, 4, 2.8, 1]);
    miner.mine(3, 4_500_000);
    // 19 measured intervals are compared with the target time of 20.
    expect(miner.spacing(3)).toBeCloseTo((SPACING * 20) / 19, 0);
    // Ten more miners join: at first, blocks are eleven times as fast.
    miner.mine(1, 11 * 4_500_000);
    expect(miner.spacing(1)).toBeLessThan(1.5);
    miner.mine(5, 11 * 4_500_000);
    expect(miner.spacing(3)).toBeCloseTo((SPACING * 20) / 19, 0);
    // They leave: one period is slow, then the difficulty falls by at most a factor of four.
    miner.mine(1, 4_500_000);
    expect(miner.spacing(1)).toBeGreaterThan(90);
    miner.mine(5, 4_500_000);
    expect(miner.spacing(3)).toBeCloseTo((SPACING * 20) / 19, 0);
    expect(miner.tip.height).toBe(started.height + 20 * PERIOD);
  });

  it('keeps blocks about ten seconds apart with random block times', () => {
    for (const [seed, speed] of [
      [1, 500_000],
      [2, 4_500_000],
      [3, 80_000_000],
    ] as const) {
      const miner = new Miner(1_800_000_000, seed);
      miner.mine(10, speed);
      miner.mine(200, speed);
      expect(miner.spacing(200)).toBeGreaterThan(9.5);
      expect(miner.spacing(200)).toBeLessThan(12.5);
    }
  });
});
