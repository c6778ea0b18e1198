import { expect } from 'vitest';
import { toReversedHex } from '../../src/bytes/hex.ts';
import { isFinalTx } from '../../src/consensus/locks.ts';
import type { MempoolEntry } from '../../src/mempool/entry.ts';
import { outPointKey } from '../../src/primitives/outpoint.ts';
import type { RegtestChain } from './regtest-chain.ts';

/** Like `expect(...).toBe(...)`, which is too slow to be called millions of times for equal values. */
function same(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) expect(actual, what).toBe(expected);
}

/** Recomputes all derived state of a mempool in the simplest way and compares it (Core: CTxMemPool::check). */
export function checkMempool({ chain, mempool }: RegtestChain): void {
  const entries = [...mempool.entries()];
  const byTxid = new Map(entries.map((entry) => [entry.tx.txidHex, entry]));
  same(byTxid.size, mempool.size, 'size');
  same(
    sum(entries, ({ vsize }) => vsize),
    mempool.bytes,
    'bytes',
  );
  same(
    sum(entries, ({ usage }) => usage),
    mempool.usage,
    'usage',
  );
  same(
    sumFees(entries, ({ fee }) => fee),
    mempool.totalFee,
    'totalFee',
  );

  const spent = new Set<string>();
  for (const entry of entries) {
    const { tx } = entry;
    same(mempool.get(tx.txid), entry, 'get');
    same(mempool.getByWtxid(tx.wtxid), entry, 'getByWtxid');
    same(isFinalTx(tx, chain.tip.height + 1, chain.tip.medianTimePast()), true, 'final');
    const parents = new Set<MempoolEntry>();
    for (const { prevout } of tx.inputs) {
      same(spent.has(outPointKey(prevout)), false, 'spent twice');
      spent.add(outPointKey(prevout));
      same(mempool.spender(prevout), entry, 'spender');
      same(mempool.getCoin(prevout), undefined, 'getCoin of a spent output');
      const parent = byTxid.get(toReversedHex(prevout.txid));
      if (parent) parents.add(parent);
      const coin = parent ? parent.tx.outputs[prevout.vout] : chain.getCoin(prevout);
      same(coin === undefined, false, 'spends an unknown output');
    }
    same(parents.size, entry.parents.size, 'number of parents');
    for (const parent of parents) same(entry.parents.has(parent) && parent.children.has(entry), true, 'parent');
    for (const child of entry.children) same(child.parents.has(entry), true, 'child');
    checkSums(entry);
  }
}

function checkSums(entry: MempoolEntry): void {
  const ancestors = closure(entry, ({ parents }) => parents);
  same(entry.ancestorCount, ancestors.length, 'ancestorCount');
  same(
    entry.ancestorSize,
    sum(ancestors, ({ vsize }) => vsize),
    'ancestorSize',
  );
  same(
    entry.ancestorFees,
    sumFees(ancestors, ({ modifiedFee }) => modifiedFee),
    'ancestorFees',
  );
  same(
    entry.ancestorSigOpCost,
    sum(ancestors, ({ sigOpCost }) => sigOpCost),
    'ancestorSigOpCost',
  );
  const descendants = closure(entry, ({ children }) => children);
  same(entry.descendantCount, descendants.length, 'descendantCount');
  same(
    entry.descendantSize,
    sum(descendants, ({ vsize }) => vsize),
    'descendantSize',
  );
  same(
    entry.descendantFees,
    sumFees(descendants, ({ modifiedFee }) => modifiedFee),
    'descendantFees',
  );
}

/** Returns the entry and all entries that are reachable from it. */
function closure(entry: MempoolEntry, next: (entry: MempoolEntry) => Iterable<MempoolEntry>): MempoolEntry[] {
  const found = [entry];
  for (const member of found) for (const other of next(member)) if (!found.includes(other)) found.push(other);
  return found;
}

function sum(entries: readonly MempoolEntry[], measure: (entry: MempoolEntry) => number): number {
  return entries.reduce((total, entry) => total + measure(entry), 0);
}

function sumFees(entries: readonly MempoolEntry[], fee: (entry: MempoolEntry) => bigint): bigint {
  return entries.reduce((total, entry) => total + fee(entry), 0n);
}
