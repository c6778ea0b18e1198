import { describe, expect, it } from 'vitest';
import { isFinalTx, sequenceLocks } from '../../src/consensus/locks.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { extendHeaders, TestHeader } from './support/headers.ts';

function tx(lockTime: number, sequences: readonly number[], version = 2): Transaction {
  const inputs = sequences.map((sequence, vout) => ({
    prevout: { txid: new Uint8Array(32).fill(1), vout },
    scriptSig: new Uint8Array(0),
    sequence,
    witness: [],
  }));
  return new Transaction({ version, inputs, outputs: [], lockTime });
}

describe('Lock times', () => {
  it('below 500,000,000 are heights, others Unix times, and hold until they are in the past', () => {
    expect(isFinalTx(tx(0, [0]), 0, 0)).toBe(true);
    expect(isFinalTx(tx(100, [0]), 100, 2_000_000_000)).toBe(false);
    expect(isFinalTx(tx(100, [0]), 101, 0)).toBe(true);
    expect(isFinalTx(tx(499_999_999, [0]), 499_999_999, 2_000_000_000)).toBe(false);
    expect(isFinalTx(tx(500_000_000, [0]), 1_000_000_000, 500_000_000)).toBe(false);
    expect(isFinalTx(tx(500_000_000, [0]), 0, 500_000_001)).toBe(true);
  });

  it('are disabled if all inputs are final', () => {
    expect(isFinalTx(tx(100, [0xffffffff, 0xffffffff]), 50, 0)).toBe(true);
    expect(isFinalTx(tx(100, [0xffffffff, 0xfffffffe]), 50, 0)).toBe(false);
  });
});

describe('BIP68', () => {
  // Heights 0 to 100, ten minutes apart; the transaction is in block 101.
  const tip = extendHeaders(new TestHeader({ time: 1_400_000_000, bits: 0x1d00ffff }), 100, 600);
  const ok = (sequence: number, coinHeight: number, version = 2) =>
    sequenceLocks(tx(0, [sequence], version), [coinHeight], tip);

  it('counts blocks from the one that created the coin', () => {
    expect(ok(0, 101)).toBe(true);
    expect(ok(1, 101)).toBe(false);
    expect(ok(1, 100)).toBe(true);
    expect(ok(10, 91)).toBe(true);
    expect(ok(11, 91)).toBe(false);
    expect(ok(0xffff, 1)).toBe(false);
    // Undefined bits are ignored.
    expect(ok(0x7fbf0000 | 10, 91)).toBe(true);
    expect(ok(0x7fbf0000 | 11, 91)).toBe(false);
  });

  it('counts units of 512 seconds from the median time past before that block', () => {
    const time = 0x0040_0000;
    // From the median time past before the coin's block to that of the tip there are `101 - height` times 600 seconds.
    expect(ok(time | 0, 100)).toBe(true);
    expect(ok(time | 1, 100)).toBe(true);
    expect(ok(time | 2, 100)).toBe(false);
    expect(ok(time | 11, 91)).toBe(true);
    expect(ok(time | 12, 91)).toBe(false);
    // A coin created in the same block.
    expect(ok(time | 0, 101)).toBe(true);
    expect(ok(time | 1, 101)).toBe(false);
  });

  it('does not apply to version 1 or with the disable flag; versions are unsigned', () => {
    expect(ok(0xffff, 101, 1)).toBe(true);
    expect(ok(0x8000_0000 | 0xffff, 101)).toBe(true);
    expect(ok(0xffff, 101, 0xffff_ffff)).toBe(false);
  });

  it('applies the strictest lock of all inputs', () => {
    const both = tx(0, [1, 10]);
    expect(sequenceLocks(both, [100, 91], tip)).toBe(true);
    expect(sequenceLocks(both, [101, 91], tip)).toBe(false);
    expect(sequenceLocks(both, [100, 92], tip)).toBe(false);
  });
});
