import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { ByteWriter } from '../../src/bytes/writer.ts';
import { decodeLeadingDump, decodeMempoolDump, encodeMempoolDump, mempoolDumpChunks } from '../../src/mempool/dump.ts';
import { MutableEntry } from '../../src/mempool/entry.ts';
import type { Mempool } from '../../src/mempool/mempool.ts';
import { PierError } from '../../src/platform/errors.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
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

describe('a large mempool.dat', () => {
  it('is written in parts of at most about 256 kB, as the mempool was at the first', () => {
    const entries = Array.from({ length: 40 }, (_, i) => {
      const prevout = { txid: new Uint8Array(32).fill(1), vout: i };
      const inputs = [{ prevout, scriptSig: new Uint8Array(0), sequence: 0, witness: [] }];
      const outputs = [{ value: 1n, scriptPubKey: new Uint8Array(20_000) }];
      const tx = new Transaction({ version: 2, inputs, outputs, lockTime: 0 });
      const fields = { tx, fee: 1n, time: 1_700_000_000 + i, height: 0, vsize: 1, sigOpCost: 0, spendsCoinbase: false };
      return new MutableEntry(fields, BigInt(i));
    });
    const left = [...entries];
    const mempool = { entries: () => left.values(), feeDeltas: () => [], has: () => true } as unknown as Mempool;
    const parts = [...mempoolDumpChunks(mempool)];
    expect(parts).toHaveLength(3);
    for (const part of parts) expect(part.length).toBeLessThan((1 << 18) + 21_000);
    const { transactions } = decodeMempoolDump(concatBytes(...parts));
    expect(transactions.map(({ tx, time, feeDelta }) => [tx.txidHex, time, feeDelta])).toEqual(
      entries.map(({ tx, time }, i) => [tx.txidHex, time, BigInt(i)]),
    );
    // Changes in between do not matter.
    const chunks = mempoolDumpChunks(mempool);
    const first = chunks.next().value!;
    left.length = 0;
    expect(decodeMempoolDump(concatBytes(first, ...chunks)).transactions).toHaveLength(40);
  });

  it('may be followed by other bytes', () => {
    const mempool = { entries: () => [].values(), feeDeltas: () => [], has: () => false } as unknown as Mempool;
    const bytes = encodeMempoolDump(mempool);
    const { dump: decoded, length } = decodeLeadingDump(concatBytes(bytes, Uint8Array.of(1, 2, 3)));
    expect([decoded.transactions, length]).toEqual([[], bytes.length]);
  });
});
