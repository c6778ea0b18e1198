import { describe, expect, it } from 'vitest';
import { exponential, type Random, randomInt, systemRandom } from '../../src/platform/random.ts';
import { workerUrl } from '../../src/platform/worker-url.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';

/** Returns these 32-bit numbers, little-endian. */
function numbers(...values: number[]): Random {
  return {
    bytes: (length) => {
      expect(length).toBe(4);
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(values.shift()!);
      return bytes;
    },
  };
}

describe('randomInt', () => {
  it('repeats draws that would bias the result', () => {
    // The largest multiple of 10 up to 2^32 is 4,294,967,290.
    expect(randomInt(numbers(4_294_967_290, 4_294_967_295, 17), 10)).toBe(7);
    expect(randomInt(numbers(4_294_967_289), 10)).toBe(9);
    expect(randomInt(numbers(0xffff_ffff), 2 ** 32)).toBe(0xffff_ffff);
    expect(randomInt(numbers(0x8000_0000), 2 ** 31)).toBe(0);
    expect(randomInt(numbers(0x0102_0304), 2 ** 32)).toBe(0x0102_0304);
    expect(randomInt(numbers(5), 1)).toBe(0);
  });
});

describe('exponential', () => {
  it('has the given mean, and is never infinite', () => {
    const random = new SeededRandom(5);
    let sum = 0;
    for (let i = 0; i < 20_000; i++) {
      const delay = exponential(random, 30);
      expect(delay).toBeGreaterThanOrEqual(0);
      sum += delay;
    }
    expect(Math.abs(sum / 20_000 - 30)).toBeLessThan(1);
    expect(exponential(numbers(0), 30)).toBeCloseTo(0);
    expect(exponential(numbers(0xffff_ffff), 1)).toBeCloseTo(32 * Math.LN2);
  });
});

describe('The random numbers of the system', () => {
  it('differ, in small draws and large ones, and belong to the caller', () => {
    for (const length of [1, 3, 4, 5, 32]) {
      const draws = Array.from({ length: 3_000 }, () => systemRandom.bytes(length));
      for (const draw of draws) expect(draw).toHaveLength(length);
      const distinct = new Set(draws.map((draw) => Buffer.from(draw).toString('hex'))).size;
      // All values of a byte, and hardly a value of four bytes twice.
      expect(distinct).toBeGreaterThan(length === 1 ? 250 : 2_990);
      const [first, second] = draws;
      const before = second![0];
      first!.fill(before! ^ 0xff);
      expect(second![0]).toBe(before);
    }
  });
});

it('A worker is the compiled file beside its module, or in dist/ for a source', () => {
  const of = (from: string) => workerUrl('search-worker', from).href;
  expect(of('file:///a/dist/mining/miner.js')).toBe('file:///a/dist/mining/search-worker.js');
  expect(of('file:///a/src/mining/miner.ts')).toBe('file:///a/dist/mining/search-worker.js');
  expect(of('file:///src/pier/src/mining/miner.ts')).toBe('file:///src/pier/dist/mining/search-worker.js');
});
