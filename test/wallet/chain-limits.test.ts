import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import type { MempoolEntry } from '../../src/mempool/entry.ts';
import type { SpendableCoin } from '../../src/wallet/spend/chain-limits.ts';
import { chainLimits, noChainLimits } from '../../src/wallet/spend/chain-limits.ts';
import { coinOf, entryOf } from './support/coins.ts';

type Row = readonly [coin: SpendableCoin, entry: MempoolEntry & { readonly ancestors: readonly MempoolEntry[] }];

/** Limits of a mempool that holds the transactions of these coins. */
function limitsOf(rows: readonly Row[], limits = {}) {
  const options = {
    limits: { ancestorCount: 25, ancestorSize: 101_000, descendantCount: 25, descendantSize: 101_000, ...limits },
  };
  const entries = new Map(rows.map(([{ outpoint }, entry]) => [toHex(outpoint.txid), entry]));
  const mempool = {
    options,
    get: (txid: Uint8Array) => entries.get(toHex(txid)),
    ancestors: (entry: MempoolEntry) => new Set((entry as Row[1]).ancestors),
  };
  return chainLimits(mempool as unknown as Parameters<typeof chainLimits>[0]);
}

const pending = (value: bigint) => coinOf(value, { isConfirmed: false });

/** Returns the values of the coins that can be spent together. */
function values(rows: readonly Row[], limit: number, limits = {}): number[] {
  const coins = rows.map(([coin]) => coin);
  return limitsOf(rows, limits)
    .spendableTogether(coins, limit)
    .map(({ value }) => Number(value));
}

describe('unconfirmed coins that one transaction can spend', () => {
  it('are none with the limit 0, and those of most value first otherwise', () => {
    const rows: Row[] = [3n, 1n, 2n].map((value) => [pending(value), entryOf()]);
    expect(values(rows, 0)).toEqual([]);
    expect(values(rows, 1)).toEqual([3, 2, 1]);
    expect(rows.map(([{ value }]) => value)).toEqual([3n, 1n, 2n]);
  });

  it('are only those whose transaction the mempool holds', () => {
    const [held, lost] = [pending(1n), pending(2n)];
    expect(limitsOf([[held, entryOf()]]).spendableTogether([held, lost], 4)).toEqual([held]);
  });

  it('have at most so many ancestors, and neither they nor an ancestor more descendants', () => {
    const parent = entryOf();
    const rows: Row[] = [
      [pending(4n), entryOf({ ancestors: [parent] })],
      [pending(3n), entryOf({ ancestors: [parent, entryOf()] })],
      [pending(2n), entryOf({ descendantCount: 3 })],
      [pending(1n), entryOf({ ancestors: [entryOf({ descendantCount: 3 })] })],
    ];
    expect(values(rows, 1)).toEqual([]);
    expect(values(rows, 2)).toEqual([4]);
    expect(values(rows, 3)).toEqual([4, 3, 2, 1]);
  });

  it('have room for the transaction among the descendants, and for half of their size', () => {
    const rows: Row[] = [
      [pending(4n), entryOf({ descendantCount: 24 })],
      [pending(3n), entryOf({ descendantCount: 25 })],
      [pending(2n), entryOf({ descendantSize: 50_500 })],
      [pending(1n), entryOf({ ancestors: [entryOf({ descendantSize: 50_501 })] })],
    ];
    expect(values(rows, 100)).toEqual([4, 2]);
  });

  it('have together fewer ancestors than the limit, each counted once', () => {
    const parent = entryOf();
    const rows: Row[] = [
      [pending(5n), entryOf({ ancestors: [parent] })],
      [pending(4n), entryOf({ ancestors: [parent] })],
      [pending(3n), entryOf({ ancestors: [entryOf()] })],
      [pending(2n), entryOf()],
      [pending(1n), entryOf()],
    ];
    // The transaction itself counts.
    expect(values(rows, 100, { ancestorCount: 4 })).toEqual([5, 4]);
    expect(values(rows, 100, { ancestorCount: 5 })).toEqual([5, 4, 2]);
    expect(values(rows, 100, { ancestorCount: 6 })).toEqual([5, 4, 3]);
  });

  it('have ancestors of at most half of the size limit together', () => {
    const rows: Row[] = [
      [pending(4n), entryOf({ vsize: 400 })],
      [pending(3n), entryOf({ vsize: 101 })],
      [pending(2n), entryOf({ vsize: 60 })],
      [pending(1n), entryOf({ vsize: 40 })],
    ];
    expect(values(rows, 100, { ancestorSize: 1000 })).toEqual([4, 2, 1]);
  });

  it('are all on a node without a mempool, unless the limit is 0', () => {
    const coins = [pending(1n), pending(2n)];
    expect(noChainLimits.spendableTogether(coins, 0)).toEqual([]);
    expect(noChainLimits.spendableTogether(coins, 2)).toEqual(coins);
  });
});
