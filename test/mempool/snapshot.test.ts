import { expect, it } from 'vitest';
import { Mempool } from '../../src/mempool/mempool.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { pay, RegtestChain, utxo } from '../support/regtest-chain.ts';

it('restores entries, totals, prioritisation and the rolling minimum fee', async () => {
  const regtest = await RegtestChain.create({ blocks: 3, coinbaseMaturity: 2 });
  const { chain, mempool, clock } = regtest;
  const parent = pay([regtest.coinbase(1)], 10_000n, 3);
  const child = pay([utxo(parent, 0)], 20_000n);
  const other = pay([utxo(parent, 1)], 500n);
  for (const tx of [parent, child, other]) expect(mempool.accept(tx)).not.toHaveProperty('reject');
  mempool.prioritise(other.txid, 7_000n);
  mempool.prioritise(new Uint8Array(32).fill(1), 5n);
  const snapshot = mempool.snapshot();

  const describe = (pool: Mempool) => ({
    entries: [...pool.entries()].map(({ tx, parents, children, usage, sequence: _, ...totals }) => ({
      ...{ txid: tx.txidHex, usage },
      parents: [...parents].map((each) => each.tx.txidHex),
      children: [...children].map((each) => each.tx.txidHex).sort(),
      ancestors: [totals.ancestorCount, totals.ancestorSize, totals.ancestorFees],
      descendants: [totals.descendantCount, totals.descendantSize, totals.descendantFees],
      fees: [totals.fee, totals.modifiedFee, totals.time, totals.height],
    })),
    sums: [pool.size, pool.bytes, pool.usage, pool.totalFee, pool.minFeeRate()],
    deltas: [...pool.feeDeltas()].length,
  });
  const before = describe(mempool);

  // What happens later does not change the snapshot.
  mempool.prioritise(parent.txid, 1n);
  mempool.remove(child.txid, 'expiry');
  const restored = new Mempool({}, { chain, clock, logger: silentLogger });
  restored.restore(snapshot);
  expect(describe(restored)).toEqual(before);
  expect(restored.spender({ txid: parent.txid, vout: 0 })?.tx).toBe(child);
  // An eviction after the restore finds its candidates.
  restored.remove(parent.txid, 'sizelimit');
  expect(restored.size).toBe(0);
  expect(restored.usage).toBe(0);
  const full = new Mempool({}, { chain, clock, logger: silentLogger });
  full.restore({ ...snapshot, rollingFee: { rate: 5_000, updatedAt: 0, blockSinceBump: false } });
  expect(full.minFeeRate()).toBe(5_000n);
  full.close();
  restored.close();
  mempool.close();
  await chain.close();
});
