import { afterEach, describe, expect, it, vi } from 'vitest';
import { BatchTimer } from '../../src/platform/batch-timer.ts';
import { systemClock, unixSeconds } from '../../src/platform/clock.ts';
import { atOnce, inSlices } from '../../src/platform/slices.ts';
import { TimeSlices } from '../../src/platform/time-slices.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { CountedClock } from '../support/counted-clock.ts';

afterEach(() => vi.restoreAllMocks());

describe('BatchTimer', () => {
  it('runs once, at the earliest time given, and can be scheduled again', () => {
    const clock = new CountedClock(0);
    const runs: number[] = [];
    const timer = new BatchTimer(clock, () => runs.push(clock.now()));
    timer.schedule(100);
    timer.schedule(50);
    timer.schedule(50);
    timer.schedule(80);
    expect(clock.timers).toBe(1);
    clock.advance(49);
    expect(runs).toEqual([]);
    clock.advance(200);
    expect(runs).toEqual([50]);
    timer.schedule(10);
    clock.advance(10);
    timer.schedule();
    clock.advance(0);
    expect(runs).toEqual([50, 259, 259]);
  });

  it('may be scheduled by its action, and not at all once cancelled', () => {
    const clock = new CountedClock(0);
    const runs: number[] = [];
    const timer: BatchTimer = new BatchTimer(clock, () => {
      runs.push(clock.now());
      if (runs.length < 3) timer.schedule(10);
    });
    timer.schedule(10);
    clock.advance(100);
    expect(runs).toEqual([10, 20, 30]);
    timer.schedule(10);
    timer.cancel();
    expect(clock.timers).toBe(0);
    clock.advance(100);
    timer.schedule(20);
    clock.advance(20);
    expect(runs).toEqual([10, 20, 30, 220]);
  });
});

describe('TimeSlices', () => {
  it('last four milliseconds, from a turn or a restart', async () => {
    const clock = new VirtualClock(0);
    const slices = new TimeSlices(clock);
    clock.advance(3);
    expect(slices.isOver).toBe(false);
    clock.advance(1);
    expect(slices.isOver).toBe(true);
    slices.restart();
    clock.advance(3);
    expect(slices.isOver).toBe(false);
    clock.advance(1);
    let others = 0;
    setImmediate(() => others++);
    await slices.turn();
    expect([slices.isOver, others]).toEqual([false, 1]);
  });

  it('run steps in order, with a turn after each slice, and await promises', async () => {
    const clock = new VirtualClock(0);
    let turns = 0;
    let isCounting = true;
    const count = () => {
      turns++;
      if (isCounting) setImmediate(count);
    };
    setImmediate(count);
    const seen: number[] = [];
    function* steps(): Generator<unknown, string> {
      for (let i = 0; i < 8; i++) {
        seen.push(i);
        clock.advance(2);
        yield i === 2 ? Promise.resolve() : undefined;
      }
      return 'result';
    }
    expect(await inSlices(steps(), clock)).toBe('result');
    isCounting = false;
    expect([seen, turns]).toEqual([[0, 1, 2, 3, 4, 5, 6, 7], 4]);
    expect(atOnce(steps())).toBe('result');
  });

  it('pass on the error of a promise', async () => {
    function* steps(): Generator<unknown, void> {
      yield Promise.reject(new Error('as asked'));
    }
    await expect(inSlices(steps(), new VirtualClock())).rejects.toThrow('as asked');
  });
});

describe('The system clock', () => {
  it('tells the time of day and that since an origin, in milliseconds', () => {
    vi.spyOn(Date, 'now').mockReturnValue(1_700_000_000_999);
    vi.spyOn(performance, 'now').mockReturnValue(12.5);
    expect([systemClock.now(), systemClock.monotonic(), unixSeconds(systemClock)]).toEqual([
      1_700_000_000_999, 12.5, 1_700_000_000,
    ]);
  });

  it('sets timers that do not keep the process alive and can be cancelled', () => {
    const set = vi.spyOn(globalThis, 'setTimeout');
    const clear = vi.spyOn(globalThis, 'clearTimeout');
    const callback = () => {};
    const timer = systemClock.after(60_000, callback);
    expect(set.mock.calls).toEqual([[callback, 60_000]]);
    const handle = set.mock.results[0]!.value as NodeJS.Timeout;
    expect(handle.hasRef()).toBe(false);
    timer.cancel();
    expect(clear.mock.calls).toEqual([[handle]]);
  });

  it('runs what is due at once in the next turn, unless it is cancelled', async () => {
    const ran: string[] = [];
    systemClock.after(0, () => ran.push('a'));
    systemClock.after(-5, () => ran.push('b'));
    systemClock.after(0, () => ran.push('c')).cancel();
    expect(ran).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(ran).toEqual(['a', 'b']);
  });
});
