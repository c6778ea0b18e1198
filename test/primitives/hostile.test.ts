import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { randomInt } from '../../src/platform/random.ts';
import { Block } from '../../src/primitives/block.ts';
import { HEADER_SIZE } from '../../src/primitives/header.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { countFlips, countTruncations, flipBit, hostileCounts, roundTrips } from '../support/hostile.ts';
import { rawBlock, realBlocks } from '../support/real-blocks.ts';
import {
  anyBlock,
  anyTransaction,
  blockCodec,
  countPositions,
  transactionCodec,
  vectorTransactions,
} from '../support/transactions.ts';
import { describeVectors } from '../support/vectors.ts';

// Any input either throws DecodeError or decodes to a value that encodes to exactly the same bytes.

describeVectors("Transactions of Core's vectors", 'core/tx_valid.json', () => {
  const raws = vectorTransactions();
  const random = new SeededRandom(144);

  it('do not decode if truncated, or with trailing bytes', () => {
    for (const [i, raw] of raws.entries()) {
      // Every position in small transactions and in a fifth of the others, one random position in the rest.
      if (raw.length <= 120 || i % 5 === 0) expect(countTruncations(transactionCodec, raw)).toBe(0);
      else expect(roundTrips(transactionCodec, raw.subarray(0, randomInt(random, raw.length)))).toBe(false);
      expect(roundTrips(transactionCodec, Uint8Array.of(...raw, randomInt(random, 256)))).toBe(false);
    }
  });

  it('have a unique encoding: mutated bytes that decode encode to themselves', () => {
    let decoded = 0;
    for (let i = 0; i < 4000; i++) {
      const bytes = Uint8Array.from(raws[randomInt(random, raws.length)]!);
      // Mutates the first bytes, where most counts and lengths are.
      for (let change = randomInt(random, 3); change >= 0; change--) {
        bytes[randomInt(random, Math.min(bytes.length, 60))] = randomInt(random, 256);
      }
      decoded += Number(roundTrips(transactionCodec, bytes));
    }
    expect(decoded).toBeGreaterThan(1000);
  });

  it('with one bit flipped decode to another transaction or do not decode', () => {
    for (let i = 0; i < 60; i++) {
      const raw = raws[randomInt(random, raws.length)]!;
      const held = countFlips(transactionCodec, raw);
      // Most bits belong to hashes, scripts and amounts.
      expect(held).toBeGreaterThan(raw.length * 4);
      expect(held).toBeLessThan(raw.length * 8);
    }
  });

  it('do not decode with a hostile count in any place', () => {
    let tried = 0;
    for (let i = 0; i < 150; i++) {
      const raw = raws[randomInt(random, raws.length)]!;
      for (const { at, size } of countPositions(Transaction.decode(raw))) {
        for (const count of hostileCounts) {
          const bytes = concatBytes(raw.subarray(0, at), count, raw.subarray(at + size));
          expect(roundTrips(transactionCodec, bytes)).toBe(false);
          tried++;
        }
      }
    }
    expect(tried).toBeGreaterThan(10_000);
  });
});

describe('Generated transactions and blocks', () => {
  it('do not decode if truncated, and with a bit flipped decode to another value or not at all', () => {
    fc.assert(
      fc.property(anyTransaction, anyBlock, fc.nat(), (tx, block, bit) => {
        expect(countTruncations(transactionCodec, tx.encode())).toBe(0);
        expect(countTruncations(blockCodec, block.encode())).toBe(0);
        for (let i = 0; i < 40; i++) {
          roundTrips(transactionCodec, flipBit(tx.encode(), (bit + i * 7919) % (tx.totalSize * 8)));
          roundTrips(blockCodec, flipBit(block.encode(), (bit + i * 7919) % (block.totalSize * 8)));
        }
      }),
      { numRuns: 60, seed: 149 },
    );
  });

  it('satisfy the invariant for random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        roundTrips(transactionCodec, bytes);
        roundTrips(blockCodec, bytes);
        roundTrips(blockCodec, concatBytes(new Uint8Array(HEADER_SIZE), bytes));
      }),
      { numRuns: 2000, seed: 150 },
    );
  });

  it('do not decode with a hostile count of transactions', () => {
    fc.assert(
      fc.property(anyBlock, (block) => {
        const raw = block.encode();
        for (const count of hostileCounts) {
          const behind = raw.subarray(HEADER_SIZE + 1);
          expect(roundTrips(blockCodec, concatBytes(raw.subarray(0, HEADER_SIZE), count, behind))).toBe(false);
        }
      }),
      { numRuns: 50, seed: 151 },
    );
  });
});

describeVectors('Real blocks', 'blocks', () => {
  it('of a few kilobytes do not decode if truncated, and satisfy the invariant with a bit flipped', () => {
    for (const { name } of realBlocks) {
      const raw = rawBlock(name);
      if (raw.length > 10_000) continue;
      expect(countTruncations(blockCodec, raw)).toBe(0);
      if (raw.length < 1000) expect(countFlips(blockCodec, raw)).toBeGreaterThan(raw.length * 6);
      else for (let bit = 3; bit < raw.length * 8; bit += 41) roundTrips(blockCodec, flipBit(raw, bit));
    }
  });

  it.each(realBlocks.filter(({ inputs }) => inputs))('do not decode if truncated at random: $name', ({ name }) => {
    const raw = rawBlock(name);
    const random = new SeededRandom(raw.length);
    for (let i = 0; i < 12; i++) {
      expect(roundTrips(blockCodec, raw.subarray(0, randomInt(random, raw.length)))).toBe(false);
      roundTrips(blockCodec, flipBit(raw, randomInt(random, raw.length * 8)));
    }
    // Flips bits in the counts of a transaction in the middle of the block.
    const block = Block.decode(raw);
    const tx = block.transactions[block.transactions.length >> 1]!;
    const start = tx.encode().byteOffset - block.encode().byteOffset;
    for (const { at } of countPositions(tx).slice(0, 6)) {
      roundTrips(blockCodec, flipBit(raw, (start + at) * 8 + randomInt(random, 8)));
    }
    expect(roundTrips(blockCodec, raw)).toBe(true);
  });
});
