import { Worker } from 'node:worker_threads';
import { describe, expect, it, vi } from 'vitest';
import { hashToBigInt } from '../../src/consensus/pow.ts';
import { sha256d } from '../../src/crypto/hash.ts';
import { MutableEntry } from '../../src/mempool/entry.ts';
import type { Mempool } from '../../src/mempool/mempool.ts';
import { createBlockTemplate } from '../../src/mining/block-template.ts';
import { searchProofOfWork } from '../../src/mining/proof-of-work.ts';
import { nonceChecker } from '../../src/mining/search-job.ts';
import { type EntrySource, type SelectionLimits, selectTransactions } from '../../src/mining/select-transactions.ts';
import { BlockHeader } from '../../src/primitives/header.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { Op } from '../../src/script/opcodes.ts';
import { ownScript, RegtestChain } from '../support/regtest-chain.ts';

const noLimits: SelectionLimits = { weight: 4e6, sigOpCost: 80_000, minFeeRate: 1n, height: 100, lockTime: 0 };

let count = 0;

/** Returns an entry of `weight` weight units, a multiple of four, with a fee of `rate` satoshis per virtual byte. */
function entry(weight: number, rate: number, sigOpCost = 0): MutableEntry {
  const make = (size: number) => {
    const prevout = { txid: new Uint8Array(32).fill(1), vout: count };
    const inputs = [{ prevout, scriptSig: new Uint8Array(0), sequence: 0, witness: [] }];
    return new Transaction({
      version: 2,
      inputs,
      outputs: [{ value: 1n, scriptPubKey: new Uint8Array(size) }],
      lockTime: 0,
    });
  };
  count++;
  let size = weight / 4;
  // The length of the script takes one to five bytes.
  for (let i = 0; i < 3; i++) size += (weight - make(size).weight) / 4;
  const tx = make(size);
  if (tx.weight !== weight) throw new Error(`no transaction of ${weight} weight units`);
  const { vsize } = tx;
  const fields = { tx, fee: BigInt(vsize * rate), time: 0, height: 0, vsize, sigOpCost, spendsCoinbase: false };
  return new MutableEntry(fields, 0n);
}

function source(entries: readonly MutableEntry[]): EntrySource {
  return { entries: () => entries.values(), ancestors: () => new Set(), descendants: () => new Set() };
}

function select(entries: readonly MutableEntry[], limits: Partial<SelectionLimits>): MutableEntry[] {
  return selectTransactions(source(entries), { ...noLimits, ...limits }) as MutableEntry[];
}

describe('the selection of transactions', () => {
  it('stays below the weight and the signature operation cost', () => {
    const [a, b] = [entry(4000, 2, 10), entry(4000, 1, 10)];
    expect(select([a, b], { weight: 8004 })).toEqual([a, b]);
    expect(select([a, b], { weight: 8000 })).toEqual([a]);
    expect(select([a, b], { sigOpCost: 21 })).toEqual([a, b]);
    expect(select([a, b], { sigOpCost: 20 })).toEqual([a]);
  });

  it('includes what pays exactly the minimum', () => {
    const [low, least] = [entry(4000, 1), entry(4000, 2)];
    expect(select([low, least], { minFeeRate: 2000n })).toEqual([least]);
  });

  it('gives up after more than 1,000 packages in a row that do not fit into an almost full block', () => {
    const small = entry(600, 1);
    const fill = (left: number, failures: number) => {
      const first = entry(100_000, 9);
      const failing = Array.from({ length: failures }, () => entry(8000, 2));
      return select([first, ...failing, small], { weight: 100_000 + left }).includes(small);
    };
    expect([1000, 1001].map((failures) => fill(3996, failures))).toEqual([true, false]);
    // With 4,000 weight units left it goes on.
    expect(fill(4000, 1001)).toBe(true);
  });
});

describe('a block template', () => {
  it('reserves 8,000 weight units and a cost of 400 for the coinbase', async () => {
    const { chain, clock } = await RegtestChain.create();
    const selected = (entries: readonly MutableEntry[], maxWeight?: number) => {
      const mempool = source(entries) as Mempool;
      const template = createBlockTemplate(chain, mempool, ownScript, { clock, ...(maxWeight && { maxWeight }) });
      return template.fees.length;
    };
    expect([79_599, 79_600].map((cost) => selected([entry(4000, 1, cost)]))).toEqual([1, 0]);
    expect([3_991_996, 3_992_000].map((weight) => selected([entry(weight, 1)]))).toEqual([1, 0]);
    expect([12_004, 12_000].map((maxWeight) => selected([entry(4000, 1)], maxWeight))).toEqual([1, 0]);
  });

  it('includes what pays one satoshi per 1,000 virtual bytes', async () => {
    const { chain, clock } = await RegtestChain.create();
    const paying = (fee: bigint) => {
      const { tx, vsize } = entry(4000, 0);
      const fields = { tx, fee, time: 0, height: 0, vsize, sigOpCost: 0, spendsCoinbase: false };
      const mempool = source([new MutableEntry(fields, 0n)]) as Mempool;
      return createBlockTemplate(chain, mempool, ownScript, { clock }).fees;
    };
    expect([paying(0n), paying(1n)]).toEqual([[], [1n]]);
  });

  it('has no transactions without a mempool', async () => {
    const { chain, clock } = await RegtestChain.create();
    const { block, ...template } = createBlockTemplate(chain, undefined, ownScript, { clock });
    expect([block.transactions.length, template.coinbaseValue]).toEqual([1, 50_0000_0000n]);
    expect(template).toMatchObject({ fees: [], sigOpCosts: [] });
  });
});

describe('the transactions of a template', () => {
  it('include those that are final in the next block, not later ones', async () => {
    const { chain, clock } = await RegtestChain.create({ blocks: 10 });
    const fees = (lockTime: number) => {
      const { tx, vsize } = entry(4000, 1);
      const locked = new Transaction({ ...tx, inputs: tx.inputs, outputs: tx.outputs, version: 2, lockTime });
      const fields = { tx: locked, fee: 9000n, time: 0, height: 0, vsize, sigOpCost: 0, spendsCoinbase: false };
      const mempool = source([new MutableEntry(fields, 0n)]) as Mempool;
      return createBlockTemplate(chain, mempool, ownScript, { clock }).fees;
    };
    expect([fees(10), fees(11)]).toEqual([[9000n], []]);
    const median = chain.tip.medianTimePast();
    expect([fees(median - 1), fees(median)]).toEqual([[9000n], []]);
  });

  it('have a signature operation cost of four for each, if they are given', async () => {
    const { chain, clock } = await RegtestChain.create();
    const outputs = [{ value: 1n, scriptPubKey: Uint8Array.of(Op.OP_CHECKSIG, Op.OP_CHECKSIG) }];
    const { tx } = entry(4000, 1);
    const transactions = [new Transaction({ version: 2, inputs: tx.inputs, outputs, lockTime: 0 })];
    expect(createBlockTemplate(chain, undefined, ownScript, { clock, transactions }).sigOpCosts).toEqual([8]);
  });
});

describe('the check of a nonce', () => {
  const bytes = () => new Uint8Array(80).fill(7);

  it('is exact, and leaves the header as it is', () => {
    const header = bytes();
    const solved = bytes();
    new DataView(solved.buffer).setUint32(76, 123_456, true);
    const hash = hashToBigInt(sha256d(solved));
    expect([hash, hash - 1n].map((target) => nonceChecker(header, target)(123_456))).toEqual([true, false]);
    expect(header).toEqual(bytes());
  });
});

describe('a search for proof of work', () => {
  const header = (fields: { bits?: number; nonce?: number; time?: number }) =>
    new BlockHeader({
      version: 1,
      prevHash: new Uint8Array(32),
      merkleRoot: new Uint8Array(32),
      time: 0,
      bits: 0x207fffff,
      nonce: 0,
      ...fields,
    });

  it('ends with the last nonce', async () => {
    // Half of all hashes meet the target of regtest.
    let found = 0;
    for (let time = 0; time < 20; time++) {
      const result = await searchProofOfWork(header({ nonce: 0xffff_ffff, time }));
      if (!result) continue;
      found++;
      expect([result.nonce, result.hashes]).toEqual([0xffff_ffff, 1]);
    }
    expect([found > 0, found < 20]).toEqual([true, true]);
  });

  it('counts the headers that it tries, from the given nonce on', async () => {
    for (let nonce = 100; nonce < 120; nonce++) {
      const result = await searchProofOfWork(header({ nonce }));
      expect(result!.nonce - nonce).toBe(result!.hashes - 1);
      expect(await searchProofOfWork(header({ nonce }), { maxTries: result!.hashes - 1 })).toBeUndefined();
      expect(await searchProofOfWork(header({ nonce }), { maxTries: result!.hashes })).toBeDefined();
    }
  });

  it('needs a target that is positive, of at most 256 bits', async () => {
    // The last two are easy to meet, were it not for the sign and the overflow.
    for (const bits of [0, 0x0180_0001, 0x2300_0001, 0x0400_0000, 0x20ff_ffff, 0x2200_ffff]) {
      expect(await searchProofOfWork(header({ bits }))).toBeUndefined();
    }
  });

  it('does not begin if it is aborted', async () => {
    expect(await searchProofOfWork(header({}), { signal: AbortSignal.abort() })).toBeUndefined();
  });

  it('is measured in seconds', async () => {
    const start = performance.now();
    const { seconds, hashes, hashRate } = (await searchProofOfWork(header({})))!;
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual((performance.now() - start) / 1000);
    expect(hashRate).toBe(hashes / seconds);
  });

  it('runs in threads, as many as requested, from more than 1,024 expected hashes on', async () => {
    const post = vi.spyOn(Worker.prototype, 'postMessage');
    try {
      // 512, 1,024 and 1,088 hashes.
      for (const bits of [0x1f7f_ffff, 0x1f3f_ffff, 0x1f3c_3c3c]) {
        expect(await searchProofOfWork(header({ bits }), { threads: 3 })).toBeDefined();
      }
      expect(post).toHaveBeenCalledTimes(3);
      expect(await searchProofOfWork(header({ bits: 0x1f1f_ffff }), { threads: 2 })).toBeDefined();
      expect(post).toHaveBeenCalledTimes(5);
    } finally {
      post.mockRestore();
    }
  });
});
