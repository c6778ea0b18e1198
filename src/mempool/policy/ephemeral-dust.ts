import { equalBytes } from '../../bytes/compare.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import type { MutableEntry } from '../entry.ts';
import { dustOutputs } from './dust.ts';

/**
 * Returns whether a transaction with dust pays a fee. Without one, it is mined only with a child that spends the dust.
 */
export function makesPaidDust(tx: Transaction, fee: bigint, modifiedFee: bigint, dustRate: bigint): boolean {
  return (fee !== 0n || modifiedFee !== 0n) && dustOutputs(tx, dustRate).length > 0;
}

/** Returns a parent with dust that `tx` does not spend; it must spend all of it (Core: CheckEphemeralSpends). */
export function parentWithUnspentDust(
  tx: Transaction,
  parents: Iterable<MutableEntry>,
  dustRate: bigint,
): MutableEntry | undefined {
  for (const parent of parents) {
    // Entries that pay a fee have no dust; see `checkEphemeralTx`.
    if (parent.fee !== 0n) continue;
    const unspent = new Set(dustOutputs(parent.tx, dustRate));
    if (unspent.size === 0) continue;
    for (const { prevout } of tx.inputs) if (equalBytes(prevout.txid, parent.tx.txid)) unspent.delete(prevout.vout);
    if (unspent.size > 0) return parent;
  }
  return undefined;
}
