import { getEventListeners } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Chain } from '../../src/chain/chain.ts';
import type { Mempool } from '../../src/mempool/mempool.ts';
import { Miner, type MinerOptions } from '../../src/mining/miner.ts';
import { searchProofOfWork } from '../../src/mining/proof-of-work.ts';
import type { SearchJob } from '../../src/mining/search-job.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { BlockHeader } from '../../src/primitives/header.ts';
import { CapturedLogger } from '../support/captured-logger.ts';
import { ownScript, pay, RegtestChain } from '../support/regtest-chain.ts';

const miners: Miner[] = [];

afterEach(async () => {
  for (const miner of miners.splice(0)) await miner.stop();
});

async function start(options: MinerOptions = {}): Promise<{ parts: RegtestChain; miner: Miner }> {
  const parts = await RegtestChain.create({ blocks: 10, coinbaseMaturity: 3 });
  const { chain, mempool, clock } = parts;
  const miner = new Miner({ scriptPubKey: ownScript, ...options }, { chain, mempool, clock, logger: silentLogger });
  miners.push(miner);
  return { parts, miner };
}

/** Counts the listeners that are subscribed from now on. */
function countListeners({ chain, mempool }: { chain: Chain; mempool: Mempool }): () => number {
  let active = 0;
  for (const events of [chain.events, mempool.events] as { on(...args: unknown[]): () => void }[]) {
    const on = events.on.bind(events);
    events.on = (...args) => {
      active++;
      const unsubscribe = on(...args);
      return () => {
        active--;
        unsubscribe();
      };
    };
  }
  return () => active;
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Resolves once the condition holds. All work of these tests is done in the same thread, within some turns. */
async function until(condition: () => boolean): Promise<void> {
  for (let turns = 0; !condition(); turns++) {
    if (turns === 10_000) throw new Error('the condition was not met');
    await settle();
  }
}

/** Resolves after the next event of `name`; runs `action` within it. */
async function during(miner: Miner, name: 'mining' | 'mined', action: () => void): Promise<void> {
  let isOver = false;
  const unsubscribe = miner.events.on(name, () => {
    unsubscribe();
    action();
    isOver = true;
  });
  await until(() => isOver);
}

describe('stop', () => {
  it('ends requests, those that wait for their turn included', async () => {
    const { parts, miner } = await start();
    const { chain, mempool } = parts;
    const tx = pay([parts.coinbase(1)], 1000n);
    const first = miner.generate(5, ownScript);
    const second = miner.generate(5, ownScript);
    const third = miner.generateBlock([tx], ownScript);
    const rejected = expect(third).rejects.toMatchObject({ code: 'no-block-found' });
    let stopped: Promise<void> | undefined;
    await during(miner, 'mined', () => {
      stopped = miner.stop();
    });
    await stopped;
    expect(chain.tip.height).toBe(11);
    expect([await first, await second].map((hashes) => hashes.length)).toEqual([1, 0]);
    await rejected;
    expect([chain.tip.height, mempool.size]).toEqual([11, 0]);
    // Later requests are not affected.
    expect(await miner.generate(2, ownScript)).toHaveLength(2);
    expect(await miner.generateBlock([tx], ownScript)).toMatchObject({ hash: chain.tip.hash });
  });

  it('resolves once the running search has ended', async () => {
    const { parts, miner } = await start();
    const ended: string[] = [];
    // The chain takes a few turns for the block that was found.
    miner.events.on('mined', () => ended.push('mined'));
    miner.events.on('abandoned', () => ended.push('abandoned'));
    const accept = parts.chain.acceptBlock.bind(parts.chain);
    parts.chain.acceptBlock = async (...args) => {
      for (let i = 0; i < 5; i++) await settle();
      return accept(...args);
    };
    const request = miner.generate(1, ownScript);
    await settle();
    await miner.stop();
    expect(ended).toEqual(['mined']);
    expect(await request).toHaveLength(1);
  });

  it('ends mining from the mempool, a block that waits for its turn included', async () => {
    const { parts, miner } = await start({ mineAtTxs: 1 });
    const { chain, mempool } = parts;
    miner.start();
    const request = miner.generate(1, ownScript);
    let stopped: Promise<void> | undefined;
    await during(miner, 'mining', () => {
      mempool.accept(pay([parts.coinbase(1)], 1000n));
      stopped = miner.stop();
    });
    await stopped;
    expect(await request).toEqual([]);
    await settle();
    expect([chain.tip.height, mempool.size]).toEqual([10, 1]);
  });

  it('may be followed by start at once', async () => {
    const { parts, miner } = await start({ mineAtTxs: 1 });
    const { chain, mempool } = parts;
    miner.start();
    mempool.accept(pay([parts.coinbase(1)], 1000n));
    void miner.stop();
    const mined = during(miner, 'mined', () => {});
    miner.start();
    await mined;
    expect([chain.tip.height, mempool.size]).toEqual([11, 0]);
  });

  it('fails a requested block whose search it interrupts', async () => {
    const { miner } = await start();
    const request = miner.generateBlock([], ownScript);
    const rejected = expect(request).rejects.toThrow('the search was interrupted');
    await during(miner, 'mining', () => void miner.stop());
    await rejected;
  });
});

describe('a miner', () => {
  it('leaves no listeners behind', async () => {
    const { parts, miner } = await start({ mineAtTxs: 1 });
    const active = countListeners(parts);
    await miner.generate(3, ownScript);
    await miner.generateBlock([], ownScript);
    const immature = pay([parts.coinbase(parts.chain.tip.height)], 1000n);
    await expect(miner.generateBlock([immature], ownScript)).rejects.toThrow();
    expect(active()).toBe(0);
    for (let i = 0; i < 3; i++) {
      miner.start();
      miner.start();
      expect(active()).toBe(2);
      await miner.stop();
      await miner.stop();
      expect(active()).toBe(0);
    }
  });

  it('has one listener for the tip while it searches', async () => {
    const { parts, miner } = await start();
    const active = countListeners(parts);
    const seen: number[] = [];
    miner.events.on('mining', () => seen.push(active()));
    await miner.generate(3, ownScript);
    expect(seen).toEqual([1, 1, 1]);
  });

  it('goes on with the next request after one that failed', async () => {
    const { parts, miner } = await start();
    const immature = pay([parts.coinbase(10)], 1000n);
    const [failed, next] = [miner.generateBlock([immature], ownScript), miner.generate(1, ownScript)];
    await expect(failed).rejects.toMatchObject({ code: 'block-not-accepted' });
    expect(await next).toHaveLength(1);
  });

  it('mines again whenever the mempool has enough, one block at a time', async () => {
    const { parts, miner } = await start({ mineAtTxs: 2 });
    const { mempool } = parts;
    const sizes: number[] = [];
    miner.events.on('mined', ({ block }) => sizes.push(block.transactions.length - 1));
    miner.start();
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 2; i++) mempool.accept(pay([parts.coinbase(2 * round + i + 1)], 1000n));
      await until(() => mempool.size === 0);
    }
    expect(sizes).toEqual([2, 2, 2]);
  });

  it('reports and logs an unexpected failure, and goes on', async () => {
    const { parts, miner } = await start({ mineAtTxs: 1 });
    const { chain, mempool } = parts;
    const accept = chain.acceptBlock.bind(chain);
    let failures = 0;
    chain.acceptBlock = async (...args) => {
      if (failures++ === 0) throw new Error('a defect');
      return accept(...args);
    };
    miner.start();
    mempool.accept(pay([parts.coinbase(1)], 1000n));
    await until(() => failures > 0);
    await settle();
    expect(mempool.size).toBe(1);
    mempool.accept(pay([parts.coinbase(2)], 1000n));
    await until(() => mempool.size === 0);
    expect(chain.tip.height).toBe(11);
  });

  it('knows the last block that it mined', async () => {
    const { parts, miner } = await start();
    expect([miner.lastMined, miner.hashRate, miner.running]).toEqual([undefined, 0, false]);
    await miner.generate(2, ownScript);
    expect(miner.lastMined).toMatchObject({ index: parts.chain.tip, block: { hash: parts.chain.tip.hash } });
    const { nonce, hashes, seconds, hashRate } = miner.lastMined!.proof;
    expect(nonce).toBe(parts.chain.tip.nonce);
    expect(hashRate).toBe(hashes / seconds);
    expect(miner.hashRate).toBe(hashRate);
  });
});

describe('a block that the chain does not take', () => {
  const refusal = { kind: 'consensus', reason: 'bad-blk-weight', debug: 'a test' } as const;

  /** Makes the chain answer the next block like this. */
  function answerOnce({ chain }: RegtestChain, answer: Awaited<ReturnType<Chain['acceptBlock']>>): void {
    const accept = chain.acceptBlock.bind(chain);
    chain.acceptBlock = async () => {
      chain.acceptBlock = accept;
      return answer;
    };
  }

  it('fails the request, and is reported', async () => {
    const { parts, miner } = await start();
    const reasons: unknown[] = [];
    miner.events.on('rejected', ({ reject }) => reasons.push(reject));
    const requests = [() => miner.generate(1, ownScript), () => miner.generateBlock([], ownScript)];
    for (const request of requests) {
      answerOnce(parts, { isNew: false, reject: refusal });
      await expect(request()).rejects.toMatchObject({
        code: 'block-not-accepted',
        message: 'the chain rejected the block: bad-blk-weight, a test',
      });
      // BIP22: the reason is unknown.
      answerOnce(parts, { isNew: false });
      await expect(request()).rejects.toMatchObject({
        code: 'block-not-accepted',
        message: 'the chain rejected the block: rejected',
      });
    }
    const unknown = { kind: 'consensus', reason: 'rejected' };
    expect(reasons).toEqual([refusal, unknown, refusal, unknown]);
    expect([miner.lastMined, parts.chain.tip.height]).toEqual([undefined, 10]);
  });

  it('is tried again with the next tip, not before', async () => {
    const { parts, miner } = await start({ mineAtTxs: 1 });
    let searches = 0;
    miner.events.on('mining', () => searches++);
    answerOnce(parts, { isNew: false, reject: refusal });
    miner.start();
    parts.mempool.accept(pay([parts.coinbase(1)], 1000n));
    for (let i = 0; i < 10; i++) await settle();
    expect([searches, parts.mempool.size]).toEqual([1, 1]);
    await parts.mine(1, { transactions: [] });
    await until(() => parts.mempool.size === 0);
    expect(searches).toBe(2);
  });

  it('is not searched if it can be seen to be invalid', async () => {
    const { parts, miner } = await start();
    let searches = 0;
    miner.events.on('mining', () => searches++);
    const immature = pay([parts.coinbase(10)], 1000n);
    await expect(miner.generateBlock([immature], ownScript, { submit: false })).rejects.toMatchObject({
      code: 'block-not-accepted',
    });
    expect(searches).toBe(0);
  });
});

describe('what a miner reports', () => {
  it('has the height and the number of transactions', async () => {
    const { parts, miner } = await start();
    const seen: unknown[] = [];
    miner.events.on('mining', (event) => seen.push(event));
    miner.events.on('abandoned', (event) => seen.push(event));
    parts.mempool.accept(pay([parts.coinbase(1)], 1000n));
    await miner.generate(1, ownScript);
    await miner.generateBlock([], ownScript);
    miner.events.on('mining', () => void miner.stop());
    await miner.generate(1, ownScript);
    expect(seen).toEqual([
      { height: 11, transactions: 1 },
      { height: 12, transactions: 0 },
      { height: 13, transactions: 0 },
      { height: 13 },
    ]);
  });

  it('is logged, and the chain knows the source of the block', async () => {
    const parts = await RegtestChain.create({ blocks: 10, coinbaseMaturity: 3 });
    const { chain, mempool, clock } = parts;
    const logger = new CapturedLogger();
    const miner = new Miner({}, { chain, mempool, clock, logger });
    miners.push(miner);
    mempool.accept(pay([parts.coinbase(1)], 1000n));
    const accept = vi.spyOn(chain, 'acceptBlock');
    await miner.generate(1, ownScript);
    expect(accept.mock.calls.map(([, options]) => options)).toEqual([{ from: 'miner' }]);
    const { nonce, hashes } = miner.lastMined!.proof;
    expect(logger.lines).toEqual([
      expect.objectContaining({
        message: 'mined block',
        height: 11,
        hash: chain.tip.hashHex,
        transactions: 1,
        nonce,
        hashes,
      }),
    ]);
  });
});

describe('mining from the mempool', () => {
  it('needs an address', async () => {
    const { parts } = await start();
    const { chain, mempool, clock } = parts;
    const miner = new Miner({}, { chain, mempool, clock, logger: silentLogger });
    expect(() => miner.start()).toThrow(
      expect.objectContaining({ code: 'no-miner-address', hint: expect.stringContaining('--miner') }),
    );
    expect(miner.running).toBe(false);
  });

  it('does not begin if transactions have left meanwhile', async () => {
    const { parts, miner } = await start({ mineAtTxs: 2 });
    const { mempool, chain } = parts;
    miner.start();
    const request = miner.generate(1, ownScript);
    await during(miner, 'mining', () => {
      const [kept, removed] = [pay([parts.coinbase(1)], 1000n), pay([parts.coinbase(2)], 1000n)];
      for (const tx of [kept, removed]) mempool.accept(tx);
      mempool.remove(removed.txid, 'expiry');
    });
    await request;
    for (let i = 0; i < 10; i++) await settle();
    expect([chain.tip.height, mempool.size]).toEqual([11, 1]);
  });
});

describe('a search in worker threads', () => {
  // 2,048 hashes on average, just too many for a search without threads.
  const header = (time: number) =>
    new BlockHeader({
      version: 1,
      prevHash: new Uint8Array(32),
      merkleRoot: new Uint8Array(32),
      time,
      bits: 0x1f1fffff,
      nonce: 0,
    });

  it('leaves no listeners behind', async () => {
    const { signal } = new AbortController();
    const warnings: string[] = [];
    const onWarning = (warning: Error) => warnings.push(warning.name);
    process.on('warning', onWarning);
    try {
      // More than the ten listeners of which Node.js warns.
      for (let time = 0; time < 12; time++) {
        expect(await searchProofOfWork(header(time), { signal, threads: 1 })).toBeDefined();
        expect(getEventListeners(signal, 'abort')).toEqual([]);
      }
      await settle();
    } finally {
      process.off('warning', onWarning);
    }
    expect(warnings).toEqual([]);
  });

  it('ends all threads if one of them fails', async () => {
    const controls: Int32Array[] = [];
    const failing: Worker[] = [];
    const post = vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker, job: SearchJob) {
      controls.push(job.control);
      failing.push(this);
      // The second one never answers.
      if (failing.length === 1) setImmediate(() => this.emit('error', new Error('a defect')));
    });
    try {
      await expect(searchProofOfWork(header(0), { threads: 2 })).rejects.toThrow('a defect');
      // The second of two words tells the others to stop.
      expect(controls.map((control) => control[1])).toEqual([1, 1]);
    } finally {
      post.mockRestore();
      await Promise.all(failing.map((worker) => worker.terminate()));
    }
  });

  it('listens to the signal, and ends all threads', async () => {
    const abort = new AbortController();
    const impossible = new BlockHeader({ ...header(0), bits: 0x0300ffff, merkleRoot: new Uint8Array(32), nonce: 0 });
    const search = searchProofOfWork(impossible, { signal: abort.signal, threads: 2 });
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(1);
    abort.abort();
    expect(await search).toBeUndefined();
  });
});
