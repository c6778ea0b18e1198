import { describe, expect, it } from 'vitest';
import { ByteCache } from '../../src/platform/byte-cache.ts';
import { limitedLogger } from '../../src/platform/limited-logger.ts';
import { RollingSet } from '../../src/platform/rolling-set.ts';
import { TokenBucket } from '../../src/platform/token-bucket.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { CapturedLogger } from '../support/captured-logger.ts';

describe('RollingSet', () => {
  it('holds at least the last half of its capacity, and at most all of it', () => {
    for (const capacity of [2, 7, 10]) {
      const set = new RollingSet(capacity);
      let most = 0;
      for (let n = 0; n < 50; n++) {
        set.add(`${n}`);
        const held = Array.from({ length: n + 1 }, (_, i) => i).filter((i) => set.has(`${i}`));
        // The most recent, without a gap.
        expect(held).toEqual(Array.from({ length: held.length }, (_, i) => n + 1 - held.length + i));
        expect(held.length).toBeGreaterThanOrEqual(Math.min(n + 1, Math.ceil(capacity / 2)));
        most = Math.max(most, held.length);
      }
      expect(most).toBe(2 * Math.ceil(capacity / 2));
    }
  });

  it('is empty once cleared, in both generations', () => {
    const set = new RollingSet(4);
    for (const key of ['a', 'b', 'c']) set.add(key);
    expect(['a', 'b', 'c'].map((key) => set.has(key))).toEqual([true, true, true]);
    set.clear();
    expect(['a', 'b', 'c'].map((key) => set.has(key))).toEqual([false, false, false]);
  });
});

describe('TokenBucket', () => {
  it('starts with its tokens, and earns more by the second, up to its capacity', () => {
    const clock = new VirtualClock();
    const bucket = new TokenBucket(clock, 2, 3, 1);
    const taken = () => {
      let count = 0;
      while (bucket.take()) count++;
      return count;
    };
    expect(taken()).toBe(1);
    clock.advance(499);
    expect(taken()).toBe(0);
    clock.advance(1);
    expect(taken()).toBe(1);
    clock.advance(1_000);
    expect(taken()).toBe(2);
    clock.advance(3_600_000);
    expect(taken()).toBe(3);
  });

  it('keeps granted tokens above its capacity, and earns none before they are used', () => {
    const clock = new VirtualClock();
    const bucket = new TokenBucket(clock, 1, 2, 2);
    bucket.grant(3);
    clock.advance(1_000);
    for (let i = 0; i < 5; i++) expect(bucket.take()).toBe(true);
    expect(bucket.take()).toBe(false);
  });
});

describe('ByteCache', () => {
  it('holds exactly its maximum', () => {
    const cache = new ByteCache<string, string>(10, ({ length }) => length);
    cache.get('a', () => '12345');
    cache.get('b', () => '12345');
    expect(cache.bytes).toBe(10);
    expect(cache.get('a', () => 'made again')).toBe('12345');
    cache.get('c', () => '1');
    expect(cache.bytes).toBe(6);
    expect(cache.get('b', () => undefined)).toBeUndefined();
  });
});

it('A limited logger counts what it has suppressed once, and not what passes', () => {
  const clock = new VirtualClock();
  const log = new CapturedLogger();
  const logger = limitedLogger(log, clock);
  for (let i = 0; i < 200; i++) logger.info({}, 'line');
  expect(log.lines.filter(({ suppressed }) => suppressed !== undefined)).toEqual([]);
  logger.trace({ n: 1 }, 'detail');
  logger.info({}, 'line');
  clock.advance(5_000);
  logger.info({}, 'line');
  clock.advance(5_000);
  logger.info({}, 'line');
  expect(log.lines.slice(-4)).toEqual([
    { level: 'trace', message: 'detail', n: 1 },
    { level: 'debug', message: 'line' },
    { level: 'info', message: 'line', suppressed: 1 },
    { level: 'info', message: 'line' },
  ]);
});
