import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { ByteWriter } from '../../src/bytes/writer.ts';
import { decodeMempoolDump } from '../../src/mempool/dump.ts';
import { PierError } from '../../src/platform/errors.ts';
import { flipBit, hostileCounts } from '../support/hostile.ts';
import { anyTransaction } from '../support/transactions.ts';

/** Returns whether the dump decodes; rethrows errors other than `PierError`. */
function isDump(bytes: Uint8Array): boolean {
  try {
    decodeMempoolDump(bytes);
    return true;
  } catch (error) {
    if (error instanceof PierError) return false;
    throw error;
  }
}

const dump = fc.array(anyTransaction, { maxLength: 4 }).map((transactions) => {
  const writer = new ByteWriter().u64(1n).u64(BigInt(transactions.length));
  for (const tx of transactions) writer.bytes(tx.encode()).i64(1_700_000_000n).i64(-5n);
  const feeDeltasOffset = writer.length;
  return { bytes: writer.compactSize(1).bytes(new Uint8Array(32)).i64(7n).compactSize(0).finish(), feeDeltasOffset };
});

describe('a damaged mempool.dat', () => {
  it('fails with a PierError or decodes', () => {
    fc.assert(
      fc.property(dump, fc.uint8Array({ maxLength: 20 }), fc.nat(), ({ bytes, feeDeltasOffset }, key, seed) => {
        expect(isDump(bytes)).toBe(true);
        for (let length = 0; length < bytes.length; length++) expect(isDump(bytes.subarray(0, length))).toBe(false);
        for (let i = 0; i < 100; i++) isDump(flipBit(bytes, (seed + i * 7919) % (bytes.length * 8)));
        for (const count of hostileCounts) {
          expect(
            isDump(concatBytes(bytes.subarray(0, feeDeltasOffset), count, bytes.subarray(feeDeltasOffset + 1))),
          ).toBe(false);
        }
        // An impossible transaction count.
        for (let at = 8; at < 16; at++) {
          const many = Uint8Array.from(bytes);
          many[at] = 0xff;
          expect(isDump(many)).toBe(false);
        }
        // Obfuscated with any key, even an empty one.
        isDump(new ByteWriter().u64(2n).varBytes(key).bytes(bytes).finish());
      }),
      { numRuns: 10, seed: 170 },
    );
  });
});
