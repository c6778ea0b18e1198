import { describe, expect, it, vi } from 'vitest';
import { formatReject } from '../../src/consensus/reject.ts';
import type { AcceptResult, Mempool } from '../../src/mempool/mempool.ts';
import type { MempoolOptions } from '../../src/mempool/options.ts';
import type { PackageResult } from '../../src/mempool/package/result.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { Choice } from '../support/choice.ts';
import { type Coin, oddKinds, satisfyAll, standardKinds } from '../support/coin-kinds.ts';
import { countVerifications } from '../support/count-verifications.ts';
import { DraftGenerator } from '../support/draft-generator.ts';
import { checkMempool } from '../support/mempool-check.ts';
import { requireOracles } from '../support/oracles.ts';
import { RandomSpends, spendRandomly } from '../support/random-spends.ts';
import { pay, RegtestChain, spend, utxo } from '../support/regtest-chain.ts';
import { hasScriptThreads } from '../support/script-threads.ts';

// Every transaction counts as costly here.
vi.mock('../../src/chain/scripts/script-cost.ts', async (original) => ({
  ...(await original<typeof import('../../src/chain/scripts/script-cost.ts')>()),
  transactionCost: () => Number.POSITIVE_INFINITY,
}));

const threadCounts = hasScriptThreads || requireOracles ? [0, 2] : [0];

/** Two chains with the same blocks: one mempool accepts at once, the other verifies scripts before. */
class Pair {
  readonly sync: RegtestChain;
  readonly async: RegtestChain;

  private constructor(sync: RegtestChain, async: RegtestChain) {
    this.sync = sync;
    this.async = async;
  }

  static async create(scriptThreads: number, mempool: Partial<MempoolOptions> = {}): Promise<Pair> {
    const options = { mempool, coinbaseMaturity: 2, scriptThreads };
    const pair = new Pair(await RegtestChain.create(options), await RegtestChain.create(options));
    await pair.mine(6);
    return pair;
  }

  async mine(count: number, transactions?: readonly Transaction[]): Promise<void> {
    const blocks = await this.sync.mine(count, transactions ? { transactions } : {});
    await this.async.acceptBlocks(blocks);
    this.async.clock.advance(this.sync.clock.now() - this.async.clock.now());
  }

  /** Mines coins of `kinds`, worth 1,000,000 satoshis each; the coinbase at `height` pays for them. */
  async fund(kinds: Coin['kind'][], height: number): Promise<Coin[]> {
    const funding = spend(
      [this.sync.coinbase(height)],
      kinds.map(({ scriptPubKey }) => ({ value: 1_000_000n, scriptPubKey })),
    );
    await this.mine(1, [funding]);
    return kinds.map((kind, vout) => ({ outpoint: { txid: funding.txid, vout }, value: 1_000_000n, kind }));
  }

  expectSame(): void {
    const entries = ({ mempool }: RegtestChain) =>
      [...mempool.entries()].map(({ tx, fee, vsize, ancestorCount }) => [tx.wtxidHex, fee, vsize, ancestorCount]);
    expect(entries(this.async)).toEqual(entries(this.sync));
    checkMempool(this.async);
  }

  async close(): Promise<void> {
    await Promise.all([this.sync.chain.close(), this.async.chain.close()]);
  }
}

function withWitness(
  { version, inputs, outputs, lockTime }: Transaction,
  at: number,
  witness: Uint8Array[],
): Transaction {
  return new Transaction({ version, inputs: inputs.with(at, { ...inputs[at]!, witness }), outputs, lockTime });
}

function describeResult(result: AcceptResult): unknown {
  if ('reject' in result) return [result.reject.kind, formatReject(result.reject), result.reject.debug];
  return [result.entry.tx.wtxidHex, result.entry.fee, result.replaced.map(({ tx }) => tx.wtxidHex)];
}

function describePackage({ reject, results }: PackageResult): unknown {
  return [
    reject,
    results.map((each) => {
      if (!each) return undefined;
      if ('present' in each) return ['present', each.present.tx.wtxidHex];
      if ('reject' in each) return describeResult(each);
      return [describeResult(each), each.effectiveFeeRate, each.effectiveIncludes];
    }),
  ];
}

describe.each(threadCounts)('acceptance after script verification (%i threads)', (scriptThreads) => {
  it('gives the same results for random transactions at the limits of policy', { timeout: 60_000 }, async () => {
    for (const requireStandard of [true, false]) {
      const pair = await Pair.create(scriptThreads, { requireStandard });
      const choice = new Choice(new SeededRandom(71));
      const kinds = [...standardKinds, ...oddKinds];
      const coins = await pair.fund([...kinds, ...kinds, ...kinds], 1);
      const generator = new DraftGenerator(choice, coins);
      const reasons = new Set<string>();
      let accepted = 0;
      for (let step = 0; step < 180; step++) {
        if (step % 60 === 59) await pair.mine(1);
        if (step % 20 === 0) pair.expectSame();
        const tx = generator.next(pair.sync.chain.tip);
        const options = { testOnly: choice.chance(8) };
        const expected = pair.sync.mempool.accept(tx, options);
        const actual = await pair.async.mempool.acceptAsync(tx, options);
        expect(describeResult(actual), `step ${step}`).toEqual(describeResult(expected));
        if ('reject' in expected) {
          reasons.add(expected.reject.reason);
          continue;
        }
        accepted++;
        for (const [vout, { value, scriptPubKey }] of tx.outputs.entries()) {
          const kind = kinds.find((each) => Buffer.compare(each.scriptPubKey, scriptPubKey) === 0);
          if (kind) generator.coins.push({ outpoint: { txid: tx.txid, vout }, value, kind });
        }
      }
      expect(accepted).toBeGreaterThan(10);
      expect([...reasons].filter((reason) => reason.startsWith('mempool-script-verify')).length).toBeGreaterThan(1);
      await pair.close();
    }
  });

  it('gives the same results for random scripts', { timeout: 60_000 }, async () => {
    const pair = await Pair.create(scriptThreads, { requireStandard: false });
    const choice = new Choice(new SeededRandom(72));
    const generator = new RandomSpends(choice);
    const coins = await pair.fund(
      Array.from({ length: 300 }, () => generator.next()),
      1,
    );
    const reasons = new Set<string>();
    for (const [i, { kind, outpoint }] of coins.entries()) {
      const tx = spendRandomly(kind, outpoint, choice);
      const expected = pair.sync.mempool.accept(tx);
      expect(describeResult(await pair.async.mempool.acceptAsync(tx)), `script ${i}`).toEqual(describeResult(expected));
      // The second time, the cache answers.
      expect(describeResult(await pair.async.mempool.acceptAsync(tx))).toEqual(
        describeResult(pair.sync.mempool.accept(tx)),
      );
      reasons.add('reject' in expected ? expected.reject.reason : 'accepted');
    }
    pair.expectSame();
    expect(reasons.has('accepted')).toBe(true);
    expect(reasons.size).toBeGreaterThan(10);
    await pair.close();
  });

  it('gives the same results for packages', { timeout: 60_000 }, async () => {
    const pair = await Pair.create(scriptThreads);
    await pair.mine(30);
    const verify = vi.spyOn(pair.async.chain.scriptQueue, 'verify');
    const choice = new Choice(new SeededRandom(73));
    const reasons = new Set<string>();
    for (let height = 1; height <= 30; height++) {
      const fee = () => BigInt(choice.pick([0, 0, 20, 300, 5_000]));
      const version = choice.pick([2, 3]);
      const parents = [pay([pair.sync.coinbase(height)], fee(), 2, { version })];
      if (choice.chance(2)) parents.push(pay([utxo(parents[0]!, 0)], fee(), 2, { version }));
      const damage = choice.chance(3) ? Uint8Array.of(0x51, 0x51) : undefined;
      const last = pay([utxo(parents.at(-1)!, 1)], fee(), 1, { version });
      const child = damage ? withWitness(last, 0, [damage]) : last;
      const txs = [...parents, child];
      const expectedTest = describePackage(pair.sync.mempool.testPackage(txs));
      expect(describePackage(await pair.async.mempool.testPackageAsync(txs)), `test ${height}`).toEqual(expectedTest);
      const submitted = choice.chance(4) ? [parents[0]!, child] : txs.slice(-2);
      const expected = pair.sync.mempool.acceptPackage(submitted);
      const actual = await pair.async.mempool.acceptPackageAsync(submitted);
      expect(describePackage(actual), `package ${height}`).toEqual(describePackage(expected));
      pair.expectSame();
      for (const each of expected.results) if (each && 'reject' in each) reasons.add(each.reject.reason);
    }
    expect(reasons.size).toBeGreaterThan(1);
    // Every accepted transaction was verified before.
    const verified = new Set(verify.mock.calls.map(([{ tx }]) => tx.wtxidHex));
    expect(pair.async.mempool.size).toBeGreaterThan(10);
    for (const { tx } of pair.async.mempool.entries()) expect(verified.has(tx.wtxidHex)).toBe(true);
    await pair.close();
  });
});

describe('the main thread', () => {
  /** A transaction with three signatures, of which the last is damaged if `isInvalid`. */
  async function start(isInvalid: boolean): Promise<{ mempool: Mempool; tx: Transaction; close(): Promise<void> }> {
    const pair = await Pair.create(2);
    const kinds = ['p2wpkh', 'p2pkh', 'p2tr'].map((name) => standardKinds.find((kind) => kind.name === name)!);
    const coins = await pair.fund(kinds, 1);
    const inputs = coins.map((coin) => ({ coin, sequence: 0xffff_fffd }));
    const outputs = [{ value: 2_900_000n, scriptPubKey: kinds[0]!.scriptPubKey }];
    const tx = satisfyAll({ inputs, outputs, version: 2, lockTime: 0 });
    const witness = tx.inputs[2]!.witness.map((item) => Uint8Array.from(item));
    witness[0]![5]! ^= 1;
    return { mempool: pair.async.mempool, tx: isInvalid ? withWitness(tx, 2, witness) : tx, close: () => pair.close() };
  }

  it.skipIf(threadCounts.length === 1).each([false, true])('verifies no signature (invalid: %s)', async (isInvalid) => {
    const { mempool, tx, close } = await start(isInvalid);
    const results: unknown[] = [];
    const count = await countVerifications(async () => {
      results.push(await mempool.acceptAsync(tx, { testOnly: true }));
      results.push(mempool.accept(tx, { testOnly: true }));
    });
    expect(count).toBe(0);
    expect(results[1]).toEqual(results[0]);
    expect('reject' in (results[0] as AcceptResult)).toBe(isInvalid);
    await close();
  });

  it.skipIf(threadCounts.length === 1)('gets the valid signatures of a worker for its cache', async () => {
    const { mempool, tx, close } = await start(false);
    await mempool.acceptAsync(tx, { testOnly: true });
    const [signature] = tx.inputs[2]!.witness;
    const changed = withWitness(tx, 2, [signature!.with(0, signature![0]! ^ 1)]);
    expect(await countVerifications(() => mempool.accept(changed, { testOnly: true }))).toBe(1);
    await close();
  });

  it('is asked once for a transaction that several callers submit', async () => {
    const pair = await Pair.create(0);
    const tx = pay([pair.sync.coinbase(1)], 1_000n);
    const spent: string[] = [];
    const payer = (name: string) => ({ precedence: 0, spent: () => void spent.push(name) });
    const results = await Promise.all([
      pair.async.mempool.acceptAsync(tx, { payer: payer('first') }),
      pair.async.mempool.acceptAsync(tx, { payer: payer('second') }),
    ]);
    expect(results.map((result) => ('reject' in result ? result.reject.reason : 'accepted'))).toEqual([
      'accepted',
      'txn-already-in-mempool',
    ]);
    expect(spent).toEqual(['first']);
    await pair.close();
  });
});

describe('a reorganisation', () => {
  it.each(threadCounts)(
    'verifies costly scripts before it re-adds their transactions (%i threads)',
    async (threads) => {
      const parts = await RegtestChain.create({ coinbaseMaturity: 1, blocks: 3, scriptThreads: threads });
      const { chain, mempool } = parts;
      try {
        const valid = pay([parts.coinbase(1)], 1_000n);
        const child = pay([utxo(valid, 0)], 1_000n);
        const [block] = await parts.mine(1, { transactions: [valid, child] });
        const verify = vi.spyOn(chain.scriptQueue, 'verify');
        await chain.invalidateBlock(chain.tip);
        expect(block!.transactions).toHaveLength(3);
        expect(verify.mock.calls.map(([{ tx }]) => tx.txidHex)).toEqual([valid.txidHex, child.txidHex]);
        expect([...mempool.entries()].map(({ tx }) => tx.txidHex)).toEqual([valid.txidHex, child.txidHex]);
        checkMempool(parts);
      } finally {
        await chain.close();
      }
    },
  );

  it('announces its tip only after the scripts are verified', async () => {
    const parts = await RegtestChain.create({ coinbaseMaturity: 1, blocks: 3, scriptThreads: 0 });
    const { chain } = parts;
    try {
      await parts.mine(1, { transactions: [pay([parts.coinbase(1)], 1_000n)] });
      const order: string[] = [];
      vi.spyOn(chain.scriptQueue, 'verify').mockImplementation(async () => {
        await new Promise((resolve) => setImmediate(resolve));
        order.push('verified');
      });
      chain.events.on('tip', () => order.push('tip'));
      await chain.invalidateBlock(chain.tip);
      expect(order).toEqual(['verified', 'tip']);
    } finally {
      await chain.close();
    }
  });

  it('verifies them itself if the queue is full', async () => {
    const parts = await RegtestChain.create({ coinbaseMaturity: 1, blocks: 3, scriptThreads: 0 });
    const { chain, mempool } = parts;
    try {
      const tx = pay([parts.coinbase(1)], 1_000n);
      await parts.mine(1, { transactions: [tx] });
      vi.spyOn(chain.scriptQueue, 'verify').mockRejectedValue(new Error('busy'));
      await chain.invalidateBlock(chain.tip);
      expect(mempool.has(tx.txid)).toBe(true);
    } finally {
      await chain.close();
    }
  });
});
