import { describe, expect, it } from 'vitest';
import {
  HeightRate,
  type SyncProgress,
  SyncProgressMeter,
  type SyncSource,
} from '../../../src/p2p/blocks/sync-progress.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';

describe('the rate of a height', () => {
  it('is the average of the last 30 seconds', () => {
    const rate = new HeightRate();
    expect(rate.sample(5_000, 100)).toBe(0);
    expect(rate.sample(7_000, 110)).toBe(5);
    expect(rate.sample(15_000, 200)).toBe(10);
    expect(rate.sample(35_000, 400)).toBe(10);
    // From the sample at 7 seconds on, the last one that is at least 30 seconds old.
    expect(rate.sample(37_000, 410)).toBe(10);
    expect(rate.sample(44_999, 490)).toBeCloseTo((380 * 1000) / 37_999, 9);
    expect(rate.sample(45_000, 500)).toBe(10);
    expect(rate.sample(145_000, 500)).toBe(0);
  });

  it('is not negative, and begins anew after a reset', () => {
    const rate = new HeightRate();
    rate.sample(0, 100);
    expect(rate.sample(1_000, 90)).toBe(0);
    rate.reset();
    expect([rate.sample(2_000, 500), rate.sample(3_000, 507)]).toEqual([0, 7]);
  });
});

describe('the progress of a download', () => {
  function start() {
    const clock = new VirtualClock();
    const source = {
      isCatchingUp: true,
      height: 0,
      headerHeight: 100,
      presyncedHeaders: undefined as number | undefined,
    };
    const events: SyncProgress[] = [];
    const meter = new SyncProgressMeter(clock, source as SyncSource);
    meter.events.on('progress', (progress) => events.push(progress));
    const tick = (fields: Partial<typeof source> = {}) => {
      clock.advance(1_000);
      Object.assign(source, fields);
      meter.tick();
      return events.splice(0);
    };
    return { tick };
  }

  it('is reported at each tick until it is complete, and then once more', () => {
    const { tick } = start();
    expect(tick({ isCatchingUp: false })).toEqual([]);
    expect(tick({ isCatchingUp: true })).toEqual([{ blocks: 0, headers: 100, blocksPerSecond: 0, done: false }]);
    expect(tick({ height: 10 })).toEqual([
      { blocks: 10, headers: 100, blocksPerSecond: 10, done: false, secondsLeft: 9 },
    ]);
    expect(tick({ height: 100, isCatchingUp: false })).toEqual([
      { blocks: 100, headers: 100, blocksPerSecond: 50, done: true, secondsLeft: 0 },
    ]);
    expect(tick()).toEqual([]);
    // A further download has its own rate.
    expect(tick({ headerHeight: 200, isCatchingUp: true })).toEqual([
      { blocks: 100, headers: 200, blocksPerSecond: 0, done: false },
    ]);
  });

  it('includes the height of a header pre-sync', () => {
    const { tick } = start();
    expect(tick({ presyncedHeaders: 2_000 })).toEqual([
      { blocks: 0, headers: 100, presyncedHeaders: 2_000, blocksPerSecond: 0, done: false },
    ]);
  });
});
