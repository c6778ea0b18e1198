import { describe, expect, it } from 'vitest';
import { formatOutPoint } from '../../src/primitives/outpoint.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import type { Ledger } from '../../src/wallet/ledger.ts';
import { outpoint } from '../chain/support/builder.ts';
import {
  foreignCoin,
  foreignScript,
  inBlock,
  ledgerWith,
  ownScript,
  paying,
  rewarding,
  written,
} from './support/ledger-fixture.ts';

const txids = (entries: readonly { readonly tx: Transaction }[]) => entries.map(({ tx }) => tx.txidHex);
const names = (...transactions: readonly Transaction[]) => transactions.map(({ txidHex }) => txidHex);

/** Adds unconfirmed transactions. */
function add(ledger: Ledger, ...transactions: readonly Transaction[]): void {
  for (const [i, tx] of transactions.entries()) ledger.record(tx, i, undefined);
}

/** Three payments: each spends the one before, and pays the wallet. */
function chainOfThree(): [Transaction, Transaction, Transaction] {
  const first = paying([ownScript()]);
  const second = paying([ownScript(1)], [outpoint(first)]);
  return [first, second, paying([ownScript(2)], [outpoint(second)])];
}

describe('the transactions of a wallet', () => {
  it('are listed by height and position in the block, then the unconfirmed ones by time', () => {
    const [a, b, c, d, e, f] = Array.from({ length: 6 }, () => paying([ownScript()]));
    const ledger = ledgerWith();
    ledger.record(e!, 30, undefined);
    ledger.record(d!, 20, undefined);
    ledger.record(c!, 10, inBlock(7, 1));
    ledger.record(b!, 40, inBlock(5, 3));
    ledger.record(a!, 50, inBlock(5, 2));
    ledger.record(f!, 60, undefined);
    expect(txids(ledger.entries())).toEqual(names(a!, b!, c!, d!, e!, f!));
  });

  it('are listed with parents before children, whatever the times', () => {
    const [first, second, third] = chainOfThree();
    const other = paying([ownScript(3)]);
    const ledger = ledgerWith();
    ledger.record(third, 1, undefined);
    ledger.record(other, 2, undefined);
    ledger.record(second, 3, undefined);
    ledger.record(first, 3, undefined);
    expect(txids(ledger.entries())).toEqual(names(first, second, third, other));
    // A child that spends two outputs of its parent, and another parent.
    const parent = paying([ownScript(4), ownScript(5)]);
    const child = paying([ownScript(6)], [outpoint(parent, 0), outpoint(third), outpoint(parent, 1)]);
    ledger.record(child, 0, undefined);
    ledger.record(parent, 9, undefined);
    const listed = txids(ledger.pending());
    expect(new Set(listed).size).toBe(6);
    expect(listed).toHaveLength(6);
    for (const before of [parent, third]) {
      expect(listed.indexOf(before.txidHex)).toBeLessThan(listed.indexOf(child.txidHex));
    }
  });

  it('wait for a block unless they are in one, a coinbase, or contradicted', () => {
    const [confirmed, waiting, abandoned, replaced, conflicted, reward] = [
      ...Array.from({ length: 5 }, () => paying([ownScript()])),
      rewarding(9),
    ] as [Transaction, Transaction, Transaction, Transaction, Transaction, Transaction];
    const ledger = ledgerWith();
    add(ledger, abandoned, replaced, conflicted, reward);
    ledger.record(confirmed, 0, inBlock(3));
    ledger.abandon([ledger.get(abandoned.txidHex)!]);
    ledger.markReplaced(ledger.get(replaced.txidHex)!);
    ledger.confirmedElsewhere(paying([foreignScript], [conflicted.inputs[0]!.prevout]), inBlock(4));
    expect(ledger.hasUnoffered).toBe(false);
    expect(ledger.pending()).toEqual([]);
    add(ledger, waiting);
    expect(ledger.hasUnoffered).toBe(true);
    expect(txids(ledger.pending())).toEqual(names(waiting));
    ledger.mempoolAdded(ledger.get(waiting.txidHex)!);
    expect(ledger.hasUnoffered).toBe(false);
    expect(txids(ledger.pending())).toEqual(names(waiting));
    ledger.record(waiting, 0, undefined);
    expect(ledger.get(waiting.txidHex)!.inMempool).toBe(true);
    ledger.record(waiting, 0, inBlock(5));
    expect(ledger.get(waiting.txidHex)!.inMempool).toBe(false);
    expect(ledger.pending()).toEqual([]);
  });

  it('concern the wallet if they are known, pay it, or spend a coin of it', () => {
    const [first, second] = chainOfThree();
    const spending = paying([foreignScript], [foreignCoin(), outpoint(first)]);
    const ledger = ledgerWith();
    expect([first, second, spending].map((tx) => ledger.concerns(tx))).toEqual([true, true, false]);
    add(ledger, first);
    expect(ledger.concerns(spending)).toBe(true);
    expect(ledger.concerns(paying([foreignScript, ownScript()]))).toBe(true);
    expect(ledger.concerns(paying([foreignScript]))).toBe(false);
    const stranger = paying([foreignScript]);
    add(ledger, stranger);
    expect(ledger.concerns(stranger)).toBe(true);
  });

  it('are forgotten with their coins and spends', () => {
    const [first, second] = chainOfThree();
    const ledger = ledgerWith();
    add(ledger, first, second);
    expect(ledger.isSpent(outpoint(first))).toBe(true);
    expect(written(ledger.forget(second.txidHex))).toEqual(names(second));
    expect(ledger.isSpent(outpoint(first))).toBe(false);
    expect(ledger.coin(outpoint(second))).toBeUndefined();
    expect(ledger.coin(outpoint(first))).toBeDefined();
    expect(ledger.get(second.txidHex)).toBeUndefined();
    expect(txids(ledger.entries())).toEqual(names(first));
    expect(txids(ledger.pending())).toEqual(names(first));
    expect(ledger.conflictsOf(paying([foreignScript], [outpoint(first)]))).toEqual([]);
    expect(ledger.forget(second.txidHex)).toEqual([]);
  });

  it('have the coins that pay keys which another output has added', () => {
    const ledger = ledgerWith([], 2);
    const tx = paying([ownScript(4), ownScript(3), ownScript(2), ownScript(1), foreignScript]);
    expect(ledger.hasCoinsOf(tx)).toBe(false);
    add(ledger, tx);
    expect([...ledger.coins()].map((coin) => coin.outpoint.vout).sort()).toEqual([0, 1, 2, 3]);
    expect(ledger.hasCoinsOf(tx)).toBe(true);
    expect(ledger.hasCoinsOf(paying([foreignScript, ownScript()]))).toBe(false);
    expect(ledger.hasCoinsOf(paying([foreignScript]))).toBe(true);
    // A coin that is known stays the same object.
    const coin = ledger.coin(outpoint(tx));
    add(ledger, tx);
    expect(ledger.coin(outpoint(tx))).toBe(coin);
  });
});

describe('a conflict with a block', () => {
  it('marks a transaction and all that descends from it, and writes each', () => {
    const [first, second, third] = chainOfThree();
    const other = paying([ownScript(3)]);
    const ledger = ledgerWith();
    add(ledger, first, second, third, other);
    for (const tx of [first, second, third]) ledger.mempoolAdded(ledger.get(tx.txidHex)!);
    const rival = paying([foreignScript], [first.inputs[0]!.prevout]);
    expect(ledger.isConflicted(rival)).toBe(false);
    expect(written(ledger.confirmedElsewhere(rival, inBlock(8)))).toEqual(names(first, second, third));
    for (const tx of [first, second, third]) {
      expect(ledger.get(tx.txidHex)).toMatchObject({ conflict: { height: 8 }, inMempool: false });
    }
    expect(ledger.get(other.txidHex)!.conflict).toBeUndefined();
    expect(ledger.confirmedElsewhere(paying([foreignScript]), inBlock(8))).toEqual([]);
  });

  it('counts from the lowest block, and not for a transaction that is itself in a block', () => {
    const [first, second] = chainOfThree();
    const ledger = ledgerWith();
    add(ledger, first, second);
    const rival = paying([foreignScript], [first.inputs[0]!.prevout]);
    ledger.confirmedElsewhere(rival, inBlock(8));
    expect(ledger.confirmedElsewhere(rival, inBlock(8))).toEqual([]);
    expect(ledger.confirmedElsewhere(rival, inBlock(9))).toEqual([]);
    expect(ledger.get(first.txidHex)!.conflict!.height).toBe(8);
    expect(written(ledger.confirmedElsewhere(rival, inBlock(7)))).toEqual(names(first, second));
    expect(ledger.get(second.txidHex)!.conflict!.height).toBe(7);
    ledger.record(first, 0, inBlock(6));
    expect(ledger.get(first.txidHex)!.conflict).toBeUndefined();
    expect(ledger.confirmedElsewhere(rival, inBlock(5))).toEqual([]);
  });

  it('is not caused by a coinbase, all of which have the same prevout', () => {
    const ledger = ledgerWith();
    const reward = rewarding(3);
    ledger.record(reward, 0, undefined);
    expect(ledger.conflictsOf(rewarding(4))).toEqual([]);
    expect(ledger.confirmedElsewhere(rewarding(4), inBlock(4))).toEqual([]);
  });

  it('is what a transaction has that a confirmed one, or a parent, conflicts with', () => {
    const [first, second, third] = chainOfThree();
    const ledger = ledgerWith();
    const winner = paying([ownScript(5)], [first.inputs[0]!.prevout]);
    const isConflicted = () => [first, second, third].map((tx) => ledger.isConflicted(tx));
    add(ledger, first);
    expect(isConflicted()).toEqual([false, false, false]);
    add(ledger, winner);
    expect(isConflicted()).toEqual([false, false, false]);
    ledger.confirmedElsewhere(winner, inBlock(4));
    ledger.record(winner, 0, inBlock(4));
    expect(isConflicted()).toEqual([true, true, false]);
    // One of two inputs is enough.
    expect(ledger.isConflicted(paying([ownScript()], [foreignCoin(), winner.inputs[0]!.prevout]))).toBe(true);
    expect(ledger.isConflicted(paying([ownScript()], [foreignCoin(), outpoint(first)]))).toBe(true);
    expect(ledger.isConflicted(winner)).toBe(false);
  });

  it('of an earlier version of the file gets its block, or counts as abandoned', () => {
    const [first, second] = chainOfThree();
    const winner = paying([ownScript(3)], [first.inputs[0]!.prevout]);
    const [orphan, confirmed] = [paying([ownScript()]), paying([ownScript()])];
    const old = { time: 1, conflicted: true };
    const ledger = ledgerWith([
      { tx: first, ...old },
      { tx: second, ...old },
      { tx: orphan, ...old },
      { tx: winner, time: 1, confirmation: inBlock(6) },
      { tx: confirmed, time: 1, confirmation: inBlock(6) },
    ]);
    const shown = (tx: Transaction) => {
      const { conflict, abandoned } = ledger.get(tx.txidHex)!;
      return [conflict?.height, abandoned];
    };
    expect([first, second, orphan, winner].map(shown)).toEqual([
      [6, false],
      [6, false],
      [undefined, true],
      [undefined, false],
    ]);
    // A record with the block is not dated again.
    const dated = { tx: first, time: 1, conflicted: true, conflict: inBlock(5) };
    expect(ledgerWith([dated]).get(first.txidHex)).toMatchObject({ conflict: { height: 5 }, abandoned: false });
    expect(ledgerWith([{ tx: first, time: 1 }]).get(first.txidHex)).toMatchObject({
      abandoned: false,
      replaced: false,
    });
  });
});

describe('a conflict with the mempool', () => {
  it('frees the inputs of a transaction and of its descendants until the last of them has left', () => {
    const [first, second, third] = chainOfThree();
    const ledger = ledgerWith();
    add(ledger, first, second, third);
    const rivals = [1, 2].map((n) => paying(Array(n).fill(foreignScript), [first.inputs[0]!.prevout]));
    const sizes = () => [first, second, third].map((tx) => ledger.get(tx.txidHex)!.mempoolConflicts.size);
    ledger.addMempoolConflict(rivals[0]!);
    ledger.addMempoolConflict(rivals[0]!);
    expect(sizes()).toEqual([1, 1, 1]);
    expect(ledger.isSpent(outpoint(first))).toBe(false);
    expect(ledger.pending()).toEqual([]);
    ledger.addMempoolConflict(rivals[1]!);
    expect(sizes()).toEqual([2, 2, 2]);
    ledger.removeMempoolConflict(rivals[0]!);
    expect(sizes()).toEqual([1, 1, 1]);
    expect(ledger.isSpent(outpoint(first))).toBe(false);
    ledger.removeMempoolConflict(rivals[1]!);
    expect(sizes()).toEqual([0, 0, 0]);
    expect(ledger.isSpent(outpoint(first))).toBe(true);
  });
});

describe('an abandoned transaction', () => {
  it('gives back its coins with all that descends from it, but for what is confirmed', () => {
    const [first, second, third] = chainOfThree();
    const ledger = ledgerWith();
    add(ledger, first, second, third);
    for (const tx of [first, second]) ledger.mempoolAdded(ledger.get(tx.txidHex)!);
    expect(written(ledger.abandon([ledger.get(second.txidHex)!]))).toEqual(names(second, third));
    expect(ledger.get(second.txidHex)).toMatchObject({ abandoned: true, inMempool: false });
    expect([ledger.isSpent(outpoint(first)), ledger.isSpent(outpoint(second))]).toEqual([false, false]);
    expect(ledger.abandon([ledger.get(second.txidHex)!])).toEqual([]);
    ledger.record(first, 0, inBlock(3));
    expect(ledger.abandon([ledger.get(first.txidHex)!])).toEqual([]);
    expect(ledger.get(first.txidHex)!.abandoned).toBe(false);
  });

  it('is so no more once the mempool or a block has it, and is written then', () => {
    const [first] = chainOfThree();
    const ledger = ledgerWith();
    add(ledger, first);
    const entry = ledger.get(first.txidHex)!;
    expect(ledger.mempoolAdded(entry)).toEqual([]);
    for (const change of [
      () => ledger.abandon([entry]),
      () => ledger.markReplaced(entry),
      () => ledger.confirmedElsewhere(paying([foreignScript], [first.inputs[0]!.prevout]), inBlock(4)),
    ]) {
      expect(written(change())).toEqual(names(first));
      expect(written(ledger.mempoolAdded(entry))).toEqual(names(first));
      expect(entry).toMatchObject({ inMempool: true, abandoned: false, replaced: false, conflict: undefined });
      change();
      ledger.record(first, 0, inBlock(5));
      expect(entry).toMatchObject({ abandoned: false, replaced: false, conflict: undefined, inMempool: false });
      ledger.rewind(4);
    }
  });
});

describe('a reorganisation', () => {
  it('makes the transactions of disconnected blocks unconfirmed, and lifts conflicts with them', () => {
    const [kept, lost] = [paying([ownScript()]), paying([ownScript(1)])];
    const losers = [paying([ownScript(2)]), paying([ownScript(3)])];
    const ledger = ledgerWith();
    add(ledger, ...losers);
    ledger.record(kept, 1, inBlock(5));
    ledger.record(lost, 2, inBlock(6));
    for (const [i, loser] of losers.entries()) {
      ledger.confirmedElsewhere(paying([foreignScript], [loser.inputs[0]!.prevout]), inBlock(5 + i));
    }
    expect(written(ledger.rewind(5)).sort()).toEqual(names(lost, losers[1]!).sort());
    expect(ledger.get(kept.txidHex)!.confirmation!.height).toBe(5);
    expect(ledger.get(lost.txidHex)).toMatchObject({ confirmation: undefined, abandoned: false });
    expect(losers.map(({ txidHex }) => ledger.get(txidHex)!.conflict?.height)).toEqual([5, undefined]);
    expect(txids(ledger.pending()).sort()).toEqual(names(lost, losers[1]!).sort());
    expect(ledger.rewind(5)).toEqual([]);
  });

  it('abandons rewards of disconnected blocks and what spends them, but not those below the fork', () => {
    const [below, above] = [rewarding(5), rewarding(6)];
    const spends = [below, above].map((reward) => paying([ownScript(1)], [outpoint(reward)]));
    const ledger = ledgerWith();
    ledger.record(below, 1, inBlock(5, 0));
    ledger.record(above, 1, inBlock(6, 0));
    add(ledger, ...spends);
    ledger.rewind(5);
    expect([below, above, ...spends].map(({ txidHex }) => ledger.get(txidHex)!.abandoned)).toEqual([
      false,
      true,
      false,
      true,
    ]);
    // The block is connected again.
    ledger.record(above, 1, inBlock(6, 0));
    expect(ledger.get(above.txidHex)!.abandoned).toBe(false);
  });
});

describe('a coin', () => {
  it('is spent by a transaction that is, or may still be, confirmed', () => {
    const first = paying([ownScript()]);
    const spends = [1, 2].map((n) => paying(Array(n).fill(foreignScript), [outpoint(first)]));
    const ledger = ledgerWith();
    add(ledger, first);
    expect(ledger.isSpent(outpoint(first))).toBe(false);
    add(ledger, ...spends);
    ledger.abandon([ledger.get(spends[0]!.txidHex)!]);
    expect(ledger.isSpent(outpoint(first))).toBe(true);
    ledger.abandon([ledger.get(spends[1]!.txidHex)!]);
    expect(ledger.isSpent(outpoint(first))).toBe(false);
  });

  it('is watched until a block spends it, with its outpoint', () => {
    const [first, second] = chainOfThree();
    const ledger = ledgerWith();
    const watched = () => ledger.unspentInBlocks().map(formatOutPoint);
    ledger.record(first, 0, inBlock(3));
    add(ledger, second);
    expect(watched()).toEqual([first, second].map(({ txidHex }) => `${txidHex}:0`));
    ledger.record(second, 0, inBlock(4));
    expect(watched()).toEqual([`${second.txidHex}:0`]);
  });

  it('of a loaded transaction is known, and its key counts as handed out', () => {
    const tx = paying([ownScript(3)]);
    const ledger = ledgerWith([{ tx, time: 1, confirmation: inBlock(3) }]);
    expect([...ledger.coins()].map(({ key }) => key.index)).toEqual([3]);
    expect(txids(ledger.entries())).toEqual(names(tx));
    expect(ledger.pending()).toEqual([]);
  });
});
