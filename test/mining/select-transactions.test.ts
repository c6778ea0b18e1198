import { describe, expect, it } from 'vitest';
import { type MempoolEntry, MutableEntry } from '../../src/mempool/entry.ts';
import { ancestorsOf, descendantsOf, MempoolGraph } from '../../src/mempool/graph.ts';
import { MaxHeap } from '../../src/mining/max-heap.ts';
import { type SelectionLimits, selectTransactions } from '../../src/mining/select-transactions.ts';
import { randomInt } from '../../src/platform/random.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { ownScript } from '../support/regtest-chain.ts';

const noLimits: SelectionLimits = { weight: 4e6, sigOpCost: 80_000, minFeeRate: 1n, height: 100, lockTime: 0 };

/** A mempool graph without a chain; the number of outputs determines the size. */
class Pool {
  readonly graph = new MempoolGraph();
  #count = 0;

  add(
    fee: number,
    parents: readonly MutableEntry[] = [],
    options: { outputs?: number; sigOps?: number; lockTime?: number } = {},
  ): MutableEntry {
    const { outputs = 2, sigOps = 1, lockTime = 0 } = options;
    const inputs = [...parents.map(({ tx }) => tx.txid), new Uint8Array(32).fill(1)].map((txid) => {
      return { prevout: { txid, vout: this.#count }, scriptSig: new Uint8Array(0), sequence: 0, witness: [] };
    });
    this.#count++;
    const outs = Array.from({ length: outputs }, () => ({ value: 1n, scriptPubKey: ownScript }));
    const tx = new Transaction({ version: 2, inputs, outputs: outs, lockTime });
    const fields = {
      tx,
      fee: BigInt(fee),
      time: 0,
      height: 0,
      vsize: tx.vsize,
      sigOpCost: sigOps,
      spendsCoinbase: false,
    };
    const entry = new MutableEntry(fields, 0n);
    const ancestors = new Set(parents);
    for (const ancestor of ancestors) for (const parent of ancestor.parents) ancestors.add(parent);
    this.graph.add(entry, ancestors);
    return entry;
  }

  select(limits: Partial<SelectionLimits> = {}): MempoolEntry[] {
    const source = {
      entries: () => this.graph.entries(),
      ancestors: (entry: MempoolEntry) => ancestorsOf(entry),
      descendants: (entry: MempoolEntry) => descendantsOf(entry),
    };
    return selectTransactions(source, { ...noLimits, ...limits });
  }
}

/** Makes the same selection by evaluating all packages in each step. */
function selectSlowly(entries: readonly MutableEntry[], limits: SelectionLimits): Set<MempoolEntry> {
  const selected = new Set<MempoolEntry>();
  const failed = new Set<MempoolEntry>();
  let { weight, sigOpCost } = limits;
  for (;;) {
    let best: { members: MempoolEntry[]; size: number; score: number; entry: MutableEntry } | undefined;
    for (const entry of entries) {
      if (selected.has(entry) || failed.has(entry)) continue;
      const members = [entry, ...ancestorsOf(entry)].filter((member) => !selected.has(member));
      const size = members.reduce((sum, { vsize }) => sum + vsize, 0);
      const fees = members.reduce((sum, { modifiedFee }) => sum + Number(modifiedFee), 0);
      const score = Math.min(fees / size, Number(entry.modifiedFee) / entry.vsize);
      if (!best || score > best.score) best = { members, size, score, entry };
    }
    if (!best) return selected;
    const cost = best.members.reduce((sum, member) => sum + member.sigOpCost, 0);
    if (best.size * 4 >= weight || cost >= sigOpCost) {
      failed.add(best.entry);
      continue;
    }
    for (const member of best.members) {
      selected.add(member);
      weight -= member.tx.weight;
      sigOpCost -= member.sigOpCost;
    }
    // Descendants of selected entries are tried again.
    for (const member of best.members) for (const descendant of descendantsOf(member)) failed.delete(descendant);
  }
}

describe('selectTransactions', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('selects the best packages (seed %i)', (seed) => {
    const random = new SeededRandom(seed);
    const int = (bound: number) => randomInt(random, bound);
    const pool = new Pool();
    const entries: MutableEntry[] = [];
    for (let i = 0; i < 60; i++) {
      const parents = new Set(Array.from({ length: int(3) }, () => entries[int(entries.length + 1)]));
      const known = [...parents].filter((parent) => parent !== undefined);
      entries.push(pool.add(int(1_000_000), known, { outputs: 1 + int(20), sigOps: int(50) }));
    }
    const limits = { ...noLimits, weight: 4000 + int(60_000), sigOpCost: 200 + int(1500) };
    const selected = pool.select(limits);
    expect(new Set(selected)).toEqual(selectSlowly(entries, limits));

    const seen = new Set<MempoolEntry>();
    for (const entry of selected) {
      for (const parent of entry.parents) expect(seen.has(parent)).toBe(true);
      seen.add(entry);
    }
    expect(selected.reduce((sum, { tx }) => sum + tx.weight, 0)).toBeLessThan(limits.weight);
    expect(selected.reduce((sum, { sigOpCost }) => sum + sigOpCost, 0)).toBeLessThan(limits.sigOpCost);
  });

  it('selects a low-fee parent of a high-fee child', () => {
    const pool = new Pool();
    const fair = pool.add(1000);
    const poor = pool.add(0);
    const rich = pool.add(10_000, [poor]);
    expect(pool.select()).toEqual([poor, rich, fair]);
  });

  it('skips transactions that pay too little or are not final', () => {
    const pool = new Pool();
    pool.add(0);
    pool.add(5000, [], { lockTime: 100 });
    const unlocked = pool.add(4000, [], { lockTime: 99 });
    expect(pool.select()).toEqual([unlocked]);
    expect(pool.select({ minFeeRate: 1_000_000n })).toEqual([]);
  });

  it('skips transactions with an ancestor that is not final', () => {
    const pool = new Pool();
    const locked = pool.add(0, [], { lockTime: 100 });
    pool.add(9000, [locked]);
    const other = pool.add(1000);
    expect(pool.select()).toEqual([other]);
  });

  it('fills the remaining space with smaller packages', () => {
    const pool = new Pool();
    const first = pool.add(50_000, [], { outputs: 10 });
    pool.add(40_000, [], { outputs: 10 });
    const small = pool.add(100);
    expect(pool.select({ weight: first.tx.weight + small.tx.weight + 1 })).toEqual([first, small]);
    expect(pool.select({ weight: first.tx.weight + small.tx.weight })).toEqual([first]);
  });

  it.each([
    [1000, true],
    [1001, false],
  ])('of an almost full block, after %i packages in a row that do not fit: tries the next: %s', (count, isTried) => {
    const pool = new Pool();
    const first = pool.add(900_000, [], { outputs: 10 });
    const tooLarge = (fee: number) => pool.add(fee, [], { outputs: 10 });
    for (let i = 0; i < 600; i++) tooLarge(800_000);
    const second = pool.add(150_000);
    // Those before `second` do not count.
    for (let i = 0; i < count; i++) tooLarge(300_000);
    const third = pool.add(10_000);
    const weight = first.tx.weight + second.tx.weight + third.tx.weight + 1;
    expect(weight - first.tx.weight).toBeLessThan(4000);
    expect(pool.select({ weight })).toEqual(isTried ? [first, second, third] : [first, second]);
  });
});

describe('MaxHeap', () => {
  it('returns items in descending order', () => {
    const random = new SeededRandom(3);
    const items = Array.from({ length: 200 }, () => ({ score: randomInt(random, 100) }));
    const heap = new MaxHeap(items.slice(0, 100));
    for (const item of items.slice(100)) heap.push(item);
    const popped = Array.from({ length: 201 }, () => heap.pop()?.score);
    expect(popped).toEqual([...items.map(({ score }) => score).sort((a, b) => b - a), undefined]);
  });
});
