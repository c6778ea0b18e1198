import { equalBytes } from '../../bytes/compare.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import type { MutableEntry } from '../entry.ts';
import { dustOutputs } from './dust.ts';

/** Dust may only be made by a transaction that pays nothing, so that nobody mines it without the one that spends it. */
export function makesPaidDust(tx: Transaction, fee: bigint, modifiedFee: bigint, dustRate: bigint): boolean {
  return (fee !== 0n || modifiedFee !== 0n) && dustOutputs(tx, dustRate).length > 0;
}

/**
 * The parent in the mempool some of whose dust `tx` leaves unspent: whoever spends from such a parent must spend all
 * of its dust (Core: CheckEphemeralSpends).
 */
export function parentWithUnspentDust(
  tx: Transaction,
  parents: Iterable<MutableEntry>,
  dustRate: bigint,
): MutableEntry | undefined {
  for (const parent of parents) {
    // What pays a fee has no dust, or it would not be here.
    if (parent.fee !== 0n) continue;
    const unspent = new Set(dustOutputs(parent.tx, dustRate));
    if (unspent.size === 0) continue;
    for (const { prevout } of tx.inputs) if (equalBytes(prevout.txid, parent.tx.txid)) unspent.delete(prevout.vout);
    if (unspent.size > 0) return parent;
  }
  return undefined;
}
