import { describe, expect, it } from 'vitest';
import { MockableClock } from '../../src/platform/clock.ts';
import { Emitter } from '../../src/platform/emitter.ts';
import { randomInt } from '../../src/platform/random.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

describe('VirtualClock', () => {
  it('runs due timers in order of time, then of creation, including timers created by callbacks', () => {
    const clock = new VirtualClock(1000);
    const ran: string[] = [];
    clock.after(20, () => ran.push(`b at ${clock.now()}`));
    clock.after(10, () => {
      ran.push(`a at ${clock.now()}`);
      clock.after(5, () => ran.push(`nested at ${clock.now()}`));
    });
    clock.after(20, () => ran.push('c'));
    const cancelled = clock.after(15, () => ran.push('never'));
    cancelled.cancel();
    clock.after(21, () => ran.push('too late'));
    clock.advance(20);
    expect(ran).toEqual(['a at 1010', 'nested at 1015', 'b at 1020', 'c']);
    expect(clock.now()).toBe(1020);
  });
});

describe('MockableClock', () => {
  it('freezes wall-clock time, but neither monotonic time nor timers', () => {
    const real = new VirtualClock(1000);
    const clock = new MockableClock(real);
    let ran = 0;
    clock.after(10, () => ran++);
    clock.mock(50);
    real.advance(10);
    expect([clock.now(), clock.monotonic(), ran]).toEqual([50, 1010, 1]);
    clock.mock(undefined);
    expect(clock.now()).toBe(1010);
  });
});

describe('SeededRandom', () => {
  it('repeats its output for the same seed only', () => {
    const a = new SeededRandom(1).bytes(64);
    expect(new SeededRandom(1).bytes(64)).toEqual(a);
    expect(new SeededRandom(2).bytes(64)).not.toEqual(a);
  });

  it('returns each value of a small range about equally often', () => {
    const random = new SeededRandom(3);
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 60_000; i++) counts[randomInt(random, 6)]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  it('throws on an invalid bound', () => {
    for (const bound of [0, -1, 1.5, 2 ** 32 + 1, Number.NaN]) {
      expect(() => randomInt(new SeededRandom(1), bound)).toThrow(RangeError);
    }
  });
});

describe('Emitter', () => {
  it('runs all listeners, also after one that throws, and rethrows its error', () => {
    const events = new Emitter<{ tick: number }>();
    const seen: number[] = [];
    events.on('tick', () => {
      throw new Error('broken');
    });
    const off = events.on('tick', (n) => seen.push(n));
    expect(() => events.emit('tick', 1)).toThrow('broken');
    off();
    expect(() => events.emit('tick', 2)).toThrow('broken');
    expect(seen).toEqual([1]);
  });
});
