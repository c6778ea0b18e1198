import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import { regtest } from '../../src/consensus/params.ts';
import { Mempool } from '../../src/mempool/mempool.ts';
import { Miner, type MinerOptions } from '../../src/mining/miner.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { Block } from '../../src/primitives/block.ts';
import { BlockHeader } from '../../src/primitives/header.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { MINUTES, ownScript, pay, RegtestChain } from '../support/regtest-chain.ts';
import { waitFor } from '../support/wait.ts';

const miners: Miner[] = [];

afterEach(async () => {
  for (const miner of miners.splice(0)) await miner.stop();
});

type Parts = { chain: Chain; mempool: Mempool; clock: VirtualClock };

function makeMiner({ chain, mempool, clock }: Parts, options: MinerOptions = { scriptPubKey: ownScript }): Miner {
  const miner = new Miner(options, { chain, mempool, clock, logger: silentLogger });
  miners.push(miner);
  return miner;
}

/** Creates a regtest chain with another difficulty. */
async function chainWithBits(bits: number): Promise<Parts> {
  const { genesis } = regtest;
  const { version, prevHash, merkleRoot, time, nonce } = genesis.header;
  const header = new BlockHeader({ version, prevHash, merkleRoot, time, bits, nonce });
  const params = { ...regtest, genesis: new Block(header, genesis.transactions), powAllowMinDifficultyBlocks: false };
  const clock = new VirtualClock();
  const modules = { clock, logger: silentLogger };
  const chain = await Chain.open({ params }, { ...modules, store: new MemoryStore() });
  return { chain, mempool: new Mempool({}, { ...modules, chain }), clock };
}

const HARD = 0x1d00ffff;

describe('generate', () => {
  it('mines successive blocks, also with two concurrent calls', async () => {
    const parts = await RegtestChain.create();
    const miner = makeMiner(parts);
    const mined: number[] = [];
    miner.events.on('mined', ({ index, block, proof }) => {
      mined.push(index.height);
      expect(proof.nonce).toBe(block.header.nonce);
    });
    const [first, second] = await Promise.all([miner.generate(3, ownScript), miner.generate(2, ownScript)]);
    expect(mined).toEqual([1, 2, 3, 4, 5]);
    expect([...first, ...second]).toEqual([1, 2, 3, 4, 5].map((height) => parts.chain.atHeight(height)!.hash));
    expect(miner.hashRate).toBeGreaterThan(0);
  });

  it('mines a different block after the first was invalidated', async () => {
    const { chain, ...parts } = await RegtestChain.create({ blocks: 5 });
    const miner = makeMiner({ chain, ...parts });
    const [hash] = await miner.generate(1, ownScript);
    await chain.invalidateBlock(chain.getIndex(hash!)!);
    const [other] = await miner.generate(1, ownScript);
    expect(chain.tip.hash).toEqual(other);
    expect(chain.tip.height).toBe(6);
  });

  it('searches in worker threads with a harder target', async () => {
    const parts = await chainWithBits(0x1f03ffff);
    const hashes = await makeMiner(parts).generate(2, ownScript);
    expect(hashes).toHaveLength(2);
    expect(parts.chain.tip).toMatchObject({ height: 2, bits: 0x1f03ffff });
  });

  it('searches in as many threads as configured', async () => {
    const parts = await chainWithBits(0x1f03ffff);
    const post = vi.spyOn(Worker.prototype, 'postMessage');
    try {
      await makeMiner(parts, { threads: 3 }).generate(1, ownScript);
      expect(post).toHaveBeenCalledTimes(3);
      await makeMiner(parts, { threads: 1 }).generate(1, ownScript);
      expect(post).toHaveBeenCalledTimes(4);
    } finally {
      post.mockRestore();
    }
  });

  it('returns fewer blocks if the tries run out', async () => {
    const parts = await chainWithBits(HARD);
    const miner = makeMiner(parts);
    expect(await miner.generate(2, ownScript, 10_000)).toEqual([]);
  });

  it('ends when the miner is stopped', async () => {
    const parts = await chainWithBits(HARD);
    const miner = makeMiner(parts);
    const result = miner.generate(1, ownScript, 2 ** 32);
    const queued = miner.generate(1, ownScript);
    await new Promise<void>((resolve) => miner.events.on('mining', () => resolve()));
    await miner.stop();
    expect(await result).toEqual([]);
    expect(await queued).toEqual([]);
    expect(parts.chain.tip.height).toBe(0);
  });

  it('restarts when the tip changes', async () => {
    const parts = await chainWithBits(HARD);
    const miner = makeMiner(parts);
    const seen: string[] = [];
    miner.events.on('mining', () => seen.push('mining'));
    miner.events.on('abandoned', () => seen.push('abandoned'));
    const result = miner.generate(1, ownScript, 2 ** 32);
    await waitFor(() => seen.length === 1);
    const { tip } = parts.chain;
    parts.chain.events.emit('tip', { tip, fork: tip, previous: tip });
    await waitFor(() => seen.length === 3);
    expect(seen).toEqual(['mining', 'abandoned', 'mining']);
    await miner.stop();
    expect(await result).toEqual([]);
  });

  it('reports a block that the chain rejects', async () => {
    const parts = await RegtestChain.create({ blocks: 1 });
    const threeHours = 3 * 60 * MINUTES;
    const miner = makeMiner({ ...parts, clock: new VirtualClock(parts.clock.now() + threeHours) });
    const rejected: string[] = [];
    miner.events.on('rejected', ({ reject }) => rejected.push(reject.reason));
    await expect(miner.generate(1, ownScript)).rejects.toThrow('time-too-new');
    expect(rejected).toEqual(['time-too-new']);
    expect(parts.chain.tip.height).toBe(1);
  });
});

describe('generateBlock', () => {
  it('mines exactly the given transactions, and submits the block unless submit is false', async () => {
    const parts = await RegtestChain.create({ blocks: 10, coinbaseMaturity: 3 });
    const miner = makeMiner(parts);
    const tx = pay([parts.coinbase(1)], 1000n);
    parts.mempool.accept(pay([parts.coinbase(2)], 1000n));
    const unsubmitted = await miner.generateBlock([tx], ownScript, { submit: false });
    expect(unsubmitted.transactions.slice(1)).toEqual([tx]);
    expect(parts.chain.tip.height).toBe(10);
    expect(await parts.chain.acceptBlock(unsubmitted)).toMatchObject({ isNew: true });
    const empty = await miner.generateBlock([], ownScript);
    expect(parts.chain.tip.hash).toEqual(empty.hash);
    expect(parts.mempool.size).toBe(1);
  });

  it('rejects an invalid block, and reports when the tries run out', async () => {
    const parts = await RegtestChain.create({ blocks: 10, coinbaseMaturity: 3 });
    const miner = makeMiner(parts);
    const immature = pay([parts.coinbase(10)], 1000n);
    await expect(miner.generateBlock([immature], ownScript)).rejects.toMatchObject({ code: 'block-not-accepted' });
    const hard = await chainWithBits(HARD);
    const post = vi.spyOn(Worker.prototype, 'postMessage');
    try {
      const found = await makeMiner(hard, { threads: 1 })
        .generateBlock([], ownScript, { maxTries: 1000 })
        .catch((error: unknown) => error);
      expect(found).toMatchObject({ code: 'no-block-found' });
      expect(post.mock.calls.map(([job]) => (job as { count: number }).count)).toEqual([1000]);
    } finally {
      post.mockRestore();
    }
  });
});

describe('start', () => {
  async function startWith(options: MinerOptions): Promise<{ parts: RegtestChain; miner: Miner; sizes: number[] }> {
    const parts = await RegtestChain.create({ blocks: 20, coinbaseMaturity: 3 });
    const miner = makeMiner(parts, { scriptPubKey: ownScript, ...options });
    const sizes: number[] = [];
    miner.events.on('mined', ({ block }) => sizes.push(block.transactions.length - 1));
    return { parts, miner, sizes };
  }

  const settle = () => new Promise((resolve) => setImmediate(resolve));

  it('mines when the mempool has two transactions', async () => {
    const { parts, miner, sizes } = await startWith({});
    miner.start();
    miner.start();
    expect(miner.running).toBe(true);
    parts.mempool.accept(pay([parts.coinbase(1)], 1000n));
    await settle();
    expect(sizes).toEqual([]);
    parts.mempool.accept(pay([parts.coinbase(2)], 1000n));
    await waitFor(() => sizes.length > 0);
    expect(sizes).toEqual([2]);
    expect(parts.mempool.size).toBe(0);
  });

  it('mines existing transactions at once, and nothing after stop()', async () => {
    const { parts, miner, sizes } = await startWith({ mineAtTxs: 1 });
    parts.mempool.accept(pay([parts.coinbase(1)], 1000n));
    miner.start();
    await waitFor(() => sizes.length > 0);
    await miner.stop();
    expect(miner.running).toBe(false);
    parts.mempool.accept(pay([parts.coinbase(2)], 1000n));
    await settle();
    expect(sizes).toEqual([1]);
  });

  it('waits for a transaction that fits into a block', async () => {
    const { parts, miner, sizes } = await startWith({ mineAtTxs: 1 });
    const tx = pay([parts.coinbase(1)], 1000n);
    parts.mempool.accept(tx);
    parts.mempool.prioritise(tx.txid, -1000n);
    miner.start();
    await settle();
    expect(sizes).toEqual([]);
    parts.mempool.accept(pay([parts.coinbase(2)], 1000n));
    await waitFor(() => sizes.length > 0);
    expect(sizes).toEqual([1]);
  });

  it('requires a script to pay to', async () => {
    const parts = await RegtestChain.create();
    expect(() => makeMiner(parts, {}).start()).toThrow('no miner address is configured');
  });

  it('continues on a new tip from another node', async () => {
    const parts = await chainWithBits(HARD);
    const miner = makeMiner(parts, { scriptPubKey: ownScript, mineAtTxs: 0 });
    const seen: string[] = [];
    miner.events.on('mining', () => seen.push('mining'));
    miner.start();
    await waitFor(() => seen.length === 1);
    const { tip } = parts.chain;
    parts.chain.events.emit('tip', { tip, fork: tip, previous: tip });
    await waitFor(() => seen.length === 2);
    await miner.stop();
  });
});
