import { describe, expect, it } from 'vitest';
import type { MempoolOptions } from '../../src/mempool/options.ts';
import { randomInt } from '../../src/platform/random.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { checkMempool } from '../support/mempool-check.ts';
import { MINUTES, pay, RegtestChain, type Utxo, utxo } from '../support/regtest-chain.ts';

const STEPS = 100;

/**
 * Applies random transactions, blocks, reorganisations and removals; checks the mempool against the chain after each.
 */
async function run(seed: number, options: Partial<MempoolOptions>): Promise<{ seen: Set<string>; readded: number }> {
  const random = new SeededRandom(seed);
  const int = (bound: number) => randomInt(random, bound);
  const chain = await RegtestChain.create({ blocks: 8, coinbaseMaturity: 5, mempool: options });
  const { mempool } = chain;
  const coins: Utxo[] = [1, 2, 3, 4].map((height) => chain.coinbase(height));
  const seen = new Set<string>();
  let readded = 0;
  mempool.events.on('removed', ({ reason }) => seen.add(reason));

  const steps: (() => unknown)[] = [
    () => mempool.remove([...mempool.entries()][int(mempool.size + 1)]?.tx.txid ?? new Uint8Array(32), 'conflict'),
    () =>
      mempool.prioritise(
        [...mempool.entries()][int(mempool.size + 1)]?.tx.txid ?? new Uint8Array(32),
        BigInt(int(9000)),
      ),
    () => chain.clock.advance(int(60) * MINUTES),
    () => chain.mine(1),
    async () => {
      // A longer branch, which confirms some of the mempool's transactions or none.
      const depth = 1 + int(3);
      const other = await chain.fork(chain.chain.tip.height - depth);
      for (let i = 0; i <= depth; i++) {
        const entries = int(2) === 0 ? [...mempool.entries()].filter((entry) => entry.ancestorCount === 1) : [];
        const transactions = entries
          .map(({ tx }) => tx)
          .filter((tx) => int(2) === 0 && 'entry' in other.mempool.accept(tx));
        await other.mine(1, { transactions });
      }
      const before = mempool.size;
      await chain.acceptBlocks(other.blocks(chain.chain.tip.height - depth + 1));
      if (mempool.size > before) readded++;
    },
  ];
  for (let step = 0; step < STEPS; step++) {
    if (int(6) === 0) {
      await steps[int(steps.length)]!();
    } else {
      const inputs = Array.from({ length: 1 + int(3) }, () => coins[Math.max(0, coins.length - 1 - int(12))]!);
      const sequence = int(8) === 0 ? int(4) : 0xffff_fffd;
      const tx = pay([...new Set(inputs)], BigInt(int(20_000)), 1 + int(4), { sequence });
      if ('entry' in mempool.accept(tx)) coins.push(...tx.outputs.map((_, vout) => utxo(tx, vout)));
    }
    checkMempool(chain);
  }
  // All remaining entries can be mined.
  while (mempool.size > 0) {
    const { length } = (await chain.mine(1))[0]!.transactions;
    expect(length).toBeGreaterThan(1);
    checkMempool(chain);
  }
  return { seen, readded };
}

describe('the mempool under random use', () => {
  it('stays consistent with the chain', async () => {
    const seen = new Set<string>();
    let readded = 0;
    for (const seed of [1, 2, 3, 4]) {
      const result = await run(seed, {});
      for (const reason of result.seen) seen.add(reason);
      readded += result.readded;
    }
    expect(readded).toBeGreaterThan(0);
    expect([...seen].sort()).toEqual(['block', 'conflict', 'reorg', 'replaced']);
  });

  it('stays consistent with a small size limit and a short expiry', async () => {
    const seen = new Set<string>();
    for (const seed of [5, 6, 7]) {
      const result = await run(seed, { maxBytes: 25_000, expirySeconds: 20 * 60 });
      for (const reason of result.seen) seen.add(reason);
    }
    expect([...seen].sort()).toEqual(['block', 'conflict', 'expiry', 'reorg', 'replaced', 'sizelimit']);
  });
});
