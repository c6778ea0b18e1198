import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import { decodeMempoolDump, encodeMempoolDump, loadMempoolDump } from '../../src/mempool/dump.ts';
import { createBlockTemplate } from '../../src/mining/block-template.ts';
import { randomInt } from '../../src/platform/random.ts';
import { Block } from '../../src/primitives/block.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { type Bitcoind, describeBitcoind } from '../support/bitcoind.ts';
import { ourEntries, sendTo, startCorePolicyNode, submitTo, theirEntries } from '../support/core-policy.ts';
import { ownScript, pay, RegtestChain, type Utxo, utxo } from '../support/regtest-chain.ts';

const MAX_WEIGHT = 60_000;

interface TheirTemplate {
  readonly coinbasevalue: number;
  readonly transactions: readonly { readonly txid: string; readonly fee: number; readonly weight: number }[];
  readonly bits: string;
  readonly height: number;
  readonly mintime: number;
  readonly previousblockhash: string;
}

describeBitcoind('block templates and mempool.dat, exchanged with bitcoind', () => {
  let node: Bitcoind;
  let ours: RegtestChain;
  let nextCoinbase = 1;

  beforeAll(async () => {
    node = await startCorePolicyNode(`-blockmaxweight=${MAX_WEIGHT}`);
    ours = await RegtestChain.create({ blocks: 150 });
    await submitTo(node, ours.blocks(1));
  });

  afterAll(() => node?.stop());

  beforeEach(async () => {
    while (ours.mempool.size > 0) await submitTo(node, await ours.mine());
  });

  async function offer(tx: Transaction): Promise<boolean> {
    const accepted = 'entry' in ours.mempool.accept(tx);
    expect((await sendTo(node, tx)) === undefined).toBe(accepted);
    return accepted;
  }

  /** Fills both mempools with random chains and trees of transactions, more than fit into a block. */
  async function fillMempools(seed: number, size = 60): Promise<void> {
    const random = new SeededRandom(seed);
    const coins: Utxo[] = Array.from({ length: 24 }, () => ours.coinbase(nextCoinbase++));
    while (ours.mempool.size < size) {
      const inputs = new Set([coins[randomInt(random, coins.length)]!]);
      if (randomInt(random, 8) === 0) inputs.add(coins[randomInt(random, coins.length)]!);
      const tx = pay([...inputs], BigInt(randomInt(random, 60_000) + 2000), 1 + randomInt(random, 20));
      if (!(await offer(tx))) continue;
      for (const input of inputs) coins.splice(coins.indexOf(input), 1);
      coins.push(...tx.outputs.map((_, vout) => utxo(tx, vout)));
    }
  }

  it('contain the same transactions for a full block', async () => {
    await fillMempools(1);
    let template = createBlockTemplate(ours.chain, ours.mempool, ownScript, {
      clock: ours.clock,
      maxWeight: MAX_WEIGHT,
    });
    const theirs = await node.rpc<TheirTemplate>('getblocktemplate', { rules: ['segwit'] });
    const { block } = template;
    expect(block.transactions.length - 1).toBeLessThan(ours.mempool.size);
    const ids = block.transactions.slice(1).map(({ txidHex }) => txidHex);
    expect(new Set(ids)).toEqual(new Set(theirs.transactions.map(({ txid }) => txid)));
    expect(template.coinbaseValue).toBe(BigInt(theirs.coinbasevalue));
    expect(template.height).toBe(theirs.height);
    expect(template.minTime).toBe(theirs.mintime);
    expect(block.header.bits).toBe(Number.parseInt(theirs.bits, 16));

    // The following templates agree too, until the mempool is empty.
    while (ours.mempool.size > 0) {
      await submitTo(node, await ours.mine(1, { maxWeight: MAX_WEIGHT }));
      expect(ourEntries(ours)).toEqual(await theirEntries(node));
      template = createBlockTemplate(ours.chain, ours.mempool, ownScript, { clock: ours.clock, maxWeight: MAX_WEIGHT });
      const next = await node.rpc<TheirTemplate>('getblocktemplate', { rules: ['segwit'] });
      expect(template.coinbaseValue).toBe(BigInt(next.coinbasevalue));
    }
  });

  it('pass as proposals, and fail when changed', async () => {
    const propose = (block: Block) => node.rpc('getblocktemplate', { mode: 'proposal', data: toHex(block.encode()) });
    await fillMempools(2);
    const { block } = createBlockTemplate(ours.chain, ours.mempool, ownScript, { clock: ours.clock });
    expect(block.transactions.length).toBeGreaterThan(30);
    expect(await propose(block)).toBeNull();
    expect(ours.chain.checkBlockTemplate(block)).toBeUndefined();
    const empty = createBlockTemplate(ours.chain, undefined, ownScript, { clock: ours.clock, extraNonce: 70_000 });
    expect(await propose(empty.block)).toBeNull();
    expect(await propose(new Block(block.header, block.transactions.slice(0, -1)))).toBe('bad-txnmrklroot');
  });

  it('load into the other node with the same mempool entries', async () => {
    // Few enough transactions that no package limit depends on their order in the file.
    await fillMempools(3, 30);
    const file = join(node.dataDir, 'pier-mempool.dat');
    const [first] = ours.mempool.entries();
    ours.mempool.prioritise(first!.tx.txid, 1234n);
    const entries = ourEntries(ours);
    await writeFile(file, encodeMempoolDump(ours.mempool));

    const fresh = await startCorePolicyNode();
    try {
      await submitTo(fresh, ours.blocks(1));
      await fresh.rpc('importmempool', file, { apply_fee_delta_priority: true, use_current_time: true });
      expect(await theirEntries(fresh)).toEqual(entries);
    } finally {
      await fresh.stop();
    }

    const { filename } = await node.rpc<{ filename: string }>('savemempool');
    const dump = decodeMempoolDump(await readFile(filename));
    const other = await ours.fork();
    // bitcoind's clock shows today, so the entries are dated in the future for Pier; they are loaded nevertheless.
    expect(loadMempoolDump(other.mempool, dump, other.clock)).toEqual({ accepted: entries.size, total: entries.size });
    expect(ourEntries(other)).toEqual(await theirEntries(node));
  });
});
