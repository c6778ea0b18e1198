import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../src/bytes/errors.ts';
import { fromHex, fromReversedHex, toHex, toReversedHex } from '../../src/bytes/hex.ts';
import { ByteWriter } from '../../src/bytes/writer.ts';
import { Block } from '../../src/primitives/block.ts';
import {
  basicFilterElements,
  encodeFilter,
  filterHash,
  filterHeader,
  matchAny,
} from '../../src/proofs/block-filter.ts';
import { multiplyShift } from '../../src/proofs/golomb-rice.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { flipBit, hostileCounts, tryDecode } from '../support/hostile.ts';
import { describeVectors, vectorJson } from '../support/vectors.ts';

const hash = new Uint8Array(32).fill(7);

function scriptsOf(random: SeededRandom, count: number): Uint8Array[] {
  return Array.from({ length: count }, () => random.bytes(25));
}

describeVectors("BIP158's testnet vectors", 'bips/bip158-testnet-19.json', () => {
  type Row = [number, string, string, string[], string, string, string, string];
  const [, ...rows] = vectorJson<[unknown, ...Row[]]>('bips/bip158-testnet-19.json');

  it('number ten', () => expect(rows).toHaveLength(10));

  it.each(rows)('match for block %i', (_height, hashHex, blockHex, spentHex, previous, filterHex, header) => {
    const block = Block.decode(fromHex(blockHex));
    const spent = spentHex.map(fromHex);
    expect(block.hashHex).toBe(hashHex);
    const elements = basicFilterElements(block, spent);
    const filter = encodeFilter(block.hash, elements);
    expect(toHex(filter)).toBe(filterHex);
    expect(toReversedHex(filterHeader(fromReversedHex(previous), filterHash(filter)))).toBe(header);
    for (const element of elements) expect(matchAny(filter, block.hash, [element])).toBe(true);
  });
});

describe('multiplyShift', () => {
  it('matches the result of bigints', () => {
    const edges = [0, 1, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffff0000, 0xfffffffe, 0xffffffff];
    const half = fc.oneof(fc.constantFrom(...edges), fc.integer({ min: 0, max: 0xffffffff }));
    const range = fc.oneof(fc.constantFrom(1, 784_931, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1), fc.maxSafeNat());
    fc.assert(
      fc.property(half, half, range, (high, low, below) => {
        const exact = (((BigInt(high) << 32n) | BigInt(low)) * BigInt(below)) >> 64n;
        expect(multiplyShift(high, low, below)).toBe(Number(exact));
      }),
      { seed: 1, numRuns: 3000 },
    );
  });
});

describe('A filter', () => {
  it('matches all of its elements, in queries of any size, and rarely any other', () => {
    const random = new SeededRandom(1);
    for (const count of [1, 2, 3, 100, 6_000]) {
      const elements = scriptsOf(random, count);
      const filter = encodeFilter(hash, elements);
      for (const element of elements.slice(0, 100)) {
        expect(matchAny(filter, hash, [element])).toBe(true);
        expect(matchAny(filter, hash, [...scriptsOf(random, 3), element, ...scriptsOf(random, 3)])).toBe(true);
      }
      // For one seed in 784,931 / 1,000, this fails by chance.
      expect(matchAny(filter, hash, scriptsOf(random, 1_000))).toBe(false);
      expect(matchAny(filter, hash, [])).toBe(false);
    }
  });

  it('without elements is one byte', () => {
    expect(toHex(encodeFilter(hash, []))).toBe('00');
    expect(matchAny(fromHex('00'), hash, [hash])).toBe(false);
    expect(() => matchAny(fromHex('0000'), hash, [hash])).toThrow(DecodeError);
  });

  it('does not depend on the order of its elements', () => {
    const elements = scriptsOf(new SeededRandom(2), 50);
    expect(encodeFilter(hash, elements)).toEqual(encodeFilter(hash, elements.toReversed()));
  });
});

describe('A hostile filter', () => {
  const filter = encodeFilter(hash, scriptsOf(new SeededRandom(3), 40));
  // An empty query, so that the whole filter is read.
  const read = (bytes: Uint8Array) => tryDecode(() => ({ matches: matchAny(bytes, hash, []) }), bytes);

  it('that is truncated, or has trailing bytes, is rejected', () => {
    expect(read(filter)).toEqual({ matches: false });
    for (let length = 0; length < filter.length; length++) expect(read(filter.subarray(0, length))).toBeUndefined();
    expect(read(Uint8Array.of(...filter, 0))).toBeUndefined();
  });

  it('with a flipped bit is rejected or does not match all elements', () => {
    const elements = scriptsOf(new SeededRandom(3), 40);
    for (let bit = 0; bit < filter.length * 8; bit++) {
      const flipped = flipBit(filter, bit);
      if (!read(flipped)) continue;
      // Every bit that is read changes an element.
      const has = (element: Uint8Array) => matchAny(flipped, hash, [element]);
      expect(elements.every(has)).toBe(false);
    }
  });

  it('that announces more elements than fit is rejected at once', () => {
    for (const count of hostileCounts) expect(read(Uint8Array.of(...count, 1, 2, 3))).toBeUndefined();
    const million = new ByteWriter().compactSize(0x02000000).bytes(new Uint8Array(1_000_000)).finish();
    expect(read(million)).toBeUndefined();
  });

  it('of ones only is rejected', () => {
    const ones = new Uint8Array(4_000_000).fill(0xff);
    expect(read(ones.fill(1, 0, 1))).toBeUndefined();
  });
});
