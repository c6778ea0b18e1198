import { describe, expect, it } from 'vitest';
import { MutableEntry } from '../../src/mempool/entry.ts';
import { MempoolGraph } from '../../src/mempool/graph.ts';
import { type Chunk, conflictTopologyError, improvesDiagram } from '../../src/mempool/package/feerate-diagram.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { ownScript } from '../support/regtest-chain.ts';

// As in Bitcoin Core's rbf_tests: `calc_feerate_diagram_rbf` and `entry_disjoint`.

class Pool {
  readonly graph = new MempoolGraph();
  #count = 0;

  /** Adds an entry with this fee and size. */
  add(fee: number, vsize: number, ...parents: readonly MutableEntry[]): MutableEntry {
    this.#count++;
    const inputs = [new Uint8Array(32).fill(9), ...parents.map(({ tx }) => tx.txid)].map((txid) => {
      return { prevout: { txid, vout: this.#count }, scriptSig: new Uint8Array(0), sequence: 0, witness: [] };
    });
    const tx = new Transaction({ version: 2, inputs, outputs: [{ value: 1n, scriptPubKey: ownScript }], lockTime: 0 });
    const fields = { tx, fee: BigInt(fee), time: 0, height: 0, sigOpCost: 0, vsize, spendsCoinbase: false };
    const entry = new MutableEntry(fields, 0n);
    this.graph.add(entry, this.graph.findAncestors(entry));
    return entry;
  }
}

const chunk = (fee: number, vsize: number): Chunk => ({ fee: BigInt(fee), vsize });

describe('a fee rate diagram', () => {
  it('of one replaced transaction is improved by more fees at no size where there were more', () => {
    const pool = new Pool();
    const old = pool.add(1000, 100);
    const improves = (fee: number, vsize: number) => improvesDiagram([old], chunk(fee, vsize));
    expect([1000, 1001].map((fee) => improves(fee, 100))).toEqual([false, true]);
    // Equal up to the old size, and above it beyond.
    expect(improves(2000, 200)).toBe(true);
    // Below it at the old size: 999.5 satoshis there.
    expect(improves(1999, 200)).toBe(false);
    // The same fees earlier.
    expect(improves(1000, 99)).toBe(true);
    expect(improves(999, 50)).toBe(false);
  });

  it('counts a replaced child with its parent, which stays, as one chunk only if the child pays for it', () => {
    for (const [parentFee, childFee, least] of [
      // One chunk of 1,100 satoshis for 200 bytes: the parent alone is left with 100 for 100.
      [100, 1000, 1000],
      // Two chunks, the parent first.
      [1000, 100, 100],
    ] as const) {
      const pool = new Pool();
      const parent = pool.add(parentFee, 100);
      const child = pool.add(childFee, 100, parent);
      const improves = (fee: number) => improvesDiagram([child], chunk(fee, 100));
      expect([least, least + 1].map(improves)).toEqual([parentFee < childFee, true]);
    }
  });

  it('is linear between its points', () => {
    const pool = new Pool();
    const parent = pool.add(0, 300);
    const child = pool.add(4000, 100, parent);
    // Before: 10 satoshis a byte up to 400 bytes. After: the new one, then the parent, which pays nothing.
    const improves = (fee: number, vsize: number) => improvesDiagram([child], chunk(fee, vsize));
    expect(improves(4001, 400)).toBe(true);
    expect(improves(4000, 400)).toBe(false);
    // 2,000 bytes of 4,000 satoshis lie below the line at 400 bytes.
    expect(improves(4100, 2000)).toBe(false);
    expect(improves(4000, 399)).toBe(true);
  });

  it('counts a replaced parent with its replaced child once', () => {
    const pool = new Pool();
    const parent = pool.add(100, 100);
    const child = pool.add(1000, 100, parent);
    const improves = (fee: number, vsize: number) => improvesDiagram([child, parent], chunk(fee, vsize));
    expect([1100, 1101].map((fee) => improves(fee, 200))).toEqual([false, true]);
    expect(improves(1099, 150)).toBe(false);
  });

  it('adds the chunks of several replaced transactions, best first', () => {
    const pool = new Pool();
    const entries = [pool.add(100, 100), pool.add(900, 100), pool.add(500, 100)];
    const improves = (fee: number, vsize: number) => improvesDiagram(entries, chunk(fee, vsize));
    // 900 satoshis in the first 100 bytes, 1,400 in 200, 1,500 in 300.
    expect(improves(1501, 150)).toBe(true);
    expect(improves(1500, 300)).toBe(false);
    expect(improves(2000, 300)).toBe(false);
    expect(improves(2699, 300)).toBe(false);
    expect(improves(2700, 300)).toBe(true);
    for (const order of [
      [2, 0, 1],
      [1, 2, 0],
      [0, 2, 1],
    ]) {
      const replaced = order.map((i) => entries[i]!);
      expect([1400, 1501].map((fee) => improvesDiagram(replaced, chunk(fee, 150)))).toEqual([false, true]);
    }
  });
});

describe('the clusters that a package replaces', () => {
  const text = (...replaced: readonly MutableEntry[]) =>
    conflictTopologyError(replaced)?.replace(/[0-9a-f]{64}/g, (hex) => hex.slice(0, 8));
  const name = ({ tx }: MutableEntry) => tx.txidHex.slice(0, 8);

  it('have up to two transactions', () => {
    const pool = new Pool();
    const [single, parent] = [pool.add(1, 100), pool.add(1, 100)];
    const child = pool.add(1, 100, parent);
    expect([text(single), text(parent, child), text(child), text(single, parent, child)]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('are refused with the reason of the first by txid', () => {
    const pool = new Pool();
    const root = pool.add(1, 100);
    const middle = pool.add(1, 100, root);
    const last = pool.add(1, 100, middle);
    expect(text(root)).toBe(`${name(root)} has 2 descendants, max 1 allowed`);
    expect(text(middle)).toBe(`${name(middle)} has both ancestor and descendant, exceeding cluster limit of 2`);
    expect(text(last)).toBe(`${name(last)} has 2 ancestors, max 1 allowed`);
    // In the order of their bytes, whatever the order of the conflicts.
    const all = [root, middle, last];
    const first = all.toSorted((a, b) => Buffer.compare(a.tx.txid, b.tx.txid))[0]!;
    expect(text(...all)).toBe(text(first));
    expect(text(...all.toReversed())).toBe(text(first));
  });

  it('have no other parent of the child and no other child of the parent', () => {
    const pool = new Pool();
    const [a, b] = [pool.add(1, 100), pool.add(1, 100)];
    const both = pool.add(1, 100, a, b);
    expect(text(a)).toBe(`${name(a)} is not the only parent of child ${name(both)}`);
    const parent = pool.add(1, 100);
    const [first] = [pool.add(1, 100, parent), pool.add(1, 100, parent)];
    expect(text(first!)).toBe(`${name(first!)} is not the only child of parent ${name(parent)}`);
  });
});
