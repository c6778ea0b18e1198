import { describe, expect, it } from 'vitest';
import { MutableEntry } from '../../src/mempool/entry.ts';
import { EvictionQueue } from '../../src/mempool/eviction-queue.ts';
import { ancestorsOf, descendantsOf, MempoolGraph, withDescendants } from '../../src/mempool/graph.ts';
import { randomInt } from '../../src/platform/random.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { ownScript } from '../support/regtest-chain.ts';

/** Returns an entry that spends the next output of each parent; its transaction is only well-formed. */
function makeEntry(parents: readonly MutableEntry[], fee: number, vsize: number): MutableEntry {
  const inputs = parents.map((parent) => ({
    prevout: { txid: parent.tx.txid, vout: parent.children.size },
    scriptSig: new Uint8Array(0),
    sequence: 0,
    witness: [],
  }));
  const outputs = Array.from({ length: 30 }, () => ({ value: 1n, scriptPubKey: ownScript }));
  // The lock time makes txids unique.
  const tx = new Transaction({ version: 2, inputs, outputs, lockTime: fee * 1000 + vsize });
  const fields = { tx, fee: BigInt(fee), time: 0, height: 0, sigOpCost: vsize % 7, vsize, spendsCoinbase: false };
  return new MutableEntry(fields, 0n);
}

/** Returns the entry with the lowest score, by exact comparison of fractions. */
function lowest(entries: readonly MutableEntry[]): MutableEntry | undefined {
  const isLower = (a: [bigint, number], b: [bigint, number]) => a[0] * BigInt(b[1]) < b[0] * BigInt(a[1]);
  const score = (entry: MutableEntry): [bigint, number] => {
    const own: [bigint, number] = [entry.modifiedFee, entry.vsize];
    const withDescendants: [bigint, number] = [entry.descendantFees, entry.descendantSize];
    return isLower(own, withDescendants) ? withDescendants : own;
  };
  let first: MutableEntry | undefined;
  for (const entry of entries) {
    const tied = first && !isLower(score(entry), score(first)) && !isLower(score(first), score(entry));
    if (!first || isLower(score(entry), score(first)) || (tied && entry.sequence > first.sequence)) first = entry;
  }
  return first;
}

describe('MempoolGraph and EvictionQueue', () => {
  it.each([1, 2, 3, 4, 5])('keep totals and order through random changes (seed %i)', (seed) => {
    const random = new SeededRandom(seed);
    const int = (bound: number) => randomInt(random, bound);
    const graph = new MempoolGraph();
    const queue = new EvictionQueue();
    const present = new Set<MutableEntry>();

    const remove = (entry: MutableEntry) => {
      const changed = graph.remove(entry);
      queue.remove(entry);
      for (const ancestor of changed) queue.update(ancestor);
      present.delete(entry);
    };
    for (let step = 0; step < 400; step++) {
      const all = [...present];
      const action = int(10);
      if (action < 7 || all.length === 0) {
        const parents = new Set(
          Array.from({ length: int(4) }, () => all[int(all.length + 1)]).filter((e) => e !== undefined),
        );
        const entry = makeEntry([...parents], int(5000), 100 + int(400));
        if (graph.get(entry.tx.txid)) continue;
        const ancestors = new Set<MutableEntry>(parents);
        for (const ancestor of ancestors) for (const parent of ancestor.parents) ancestors.add(parent);
        graph.add(entry, ancestors);
        queue.add(entry);
        for (const ancestor of ancestors) queue.update(ancestor);
        present.add(entry);
      } else if (action === 7) {
        // Like connecting a block: an entry without parents.
        const roots = all.filter((entry) => entry.parents.size === 0);
        remove(roots[int(roots.length)]!);
      } else if (action === 8) {
        for (const entry of withDescendants([all[int(all.length)]!])) remove(entry);
      } else {
        const entry = all[int(all.length)]!;
        graph.changeFee(entry, BigInt(int(3000)));
        queue.update(entry);
        for (const ancestor of ancestorsOf(entry)) queue.update(ancestor);
      }
      expect(graph.size).toBe(present.size);
      expect(queue.first).toBe(lowest([...present]));
    }
    for (const entry of present) {
      const ancestors = [entry, ...ancestorsOf(entry)];
      const descendants = [entry, ...descendantsOf(entry)];
      expect(entry.ancestorCount).toBe(ancestors.length);
      expect(entry.ancestorSize).toBe(ancestors.reduce((sum, { vsize }) => sum + vsize, 0));
      expect(entry.ancestorSigOpCost).toBe(ancestors.reduce((sum, { sigOpCost }) => sum + sigOpCost, 0));
      expect(entry.ancestorFees).toBe(ancestors.reduce((sum, { modifiedFee }) => sum + modifiedFee, 0n));
      expect(entry.descendantCount).toBe(descendants.length);
      expect(entry.descendantSize).toBe(descendants.reduce((sum, { vsize }) => sum + vsize, 0));
      expect(entry.descendantFees).toBe(descendants.reduce((sum, { modifiedFee }) => sum + modifiedFee, 0n));
    }
    expect(graph.bytes).toBe([...present].reduce((sum, { vsize }) => sum + vsize, 0));
  });

  it('link children that were added before their parent', () => {
    const graph = new MempoolGraph();
    const parent = makeEntry([], 100, 100);
    const child = makeEntry([parent], 200, 150);
    const other = makeEntry([], 50, 60);
    const grandchild = makeEntry([child, other], 300, 200);
    graph.add(other, new Set());
    graph.add(child, new Set());
    graph.add(grandchild, new Set([child, other]));
    graph.add(parent, new Set());
    expect(child.ancestorCount).toBe(1);

    expect(graph.linkChildren([parent])).toEqual(new Set([parent, child, grandchild]));
    expect([...graph.spendersOf(parent.tx)]).toEqual([child]);
    expect(grandchild).toMatchObject({ ancestorCount: 4, ancestorSize: 510, ancestorFees: 650n });
    expect(parent).toMatchObject({ descendantCount: 3, descendantSize: 450, descendantFees: 600n });
    expect(child).toMatchObject({ ancestorCount: 2, descendantCount: 2 });
    expect(other).toMatchObject({ ancestorCount: 1, descendantCount: 2 });
  });

  it('remove entries in an order that keeps totals correct', () => {
    const parent = makeEntry([], 1, 100);
    const graph = new MempoolGraph();
    graph.add(parent, new Set());
    const child = makeEntry([parent], 2, 100);
    graph.add(child, new Set([parent]));
    const both = makeEntry([parent, child], 3, 100);
    graph.add(both, new Set([parent, child]));
    expect(withDescendants([parent])).toEqual([both, child, parent]);
    for (const entry of withDescendants([child])) graph.remove(entry);
    expect(parent).toMatchObject({ descendantCount: 1, descendantSize: 100, descendantFees: 1n });
    expect(graph.size).toBe(1);
  });
});

describe('EvictionQueue', () => {
  it('keeps its order when entries leave from its middle', () => {
    const random = new SeededRandom(6);
    for (let round = 0; round < 20; round++) {
      const queue = new EvictionQueue();
      const entries = Array.from({ length: 60 }, () => makeEntry([], randomInt(random, 100_000), 100));
      for (const [i, entry] of entries.entries()) {
        entry.sequence = i;
        queue.add(entry);
      }
      const left = new Set(entries);
      while (left.size > 30) {
        const entry = [...left][randomInt(random, left.size)]!;
        left.delete(entry);
        queue.remove(entry);
      }
      const drained: MutableEntry[] = [];
      for (let entry = queue.first; entry; entry = queue.first) {
        drained.push(entry);
        queue.remove(entry);
      }
      const sorted = [...left].sort((a, b) => Number(a.fee - b.fee) || b.sequence - a.sequence);
      expect(drained).toEqual(sorted);
    }
  });
});
