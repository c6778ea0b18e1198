import { type Transaction, WITNESS_SCALE_FACTOR } from '../primitives/transaction.ts';
import { ScriptFlag } from '../script/flags.ts';
import { countWitnessSigOps, legacySigOpCount, p2shSigOpCount } from '../script/sigops.ts';
import type { Coin } from './coins.ts';

/** Counts the signature operations in a transaction's own scripts, as before BIP16 (Core: GetLegacySigOpCount). */
export function legacySigOps(tx: Transaction): number {
  let count = 0;
  for (const { scriptSig } of tx.inputs) count += legacySigOpCount(scriptSig, false);
  for (const { scriptPubKey } of tx.outputs) count += legacySigOpCount(scriptPubKey, false);
  return count;
}

/**
 * Returns the signature operation cost of a transaction (BIP141; Core: GetTransactionSigOpCost). `coins` are those that
 * its inputs spend, in order; empty for a coinbase.
 */
export function transactionSigOpCost(tx: Transaction, coins: readonly Coin[], flags: number): number {
  let cost = legacySigOps(tx) * WITNESS_SCALE_FACTOR;
  for (let i = 0; i < coins.length; i++) {
    const { scriptSig, witness } = tx.inputs[i]!;
    const { scriptPubKey } = coins[i]!.output;
    if (flags & ScriptFlag.P2SH) cost += p2shSigOpCount(scriptPubKey, scriptSig) * WITNESS_SCALE_FACTOR;
    cost += countWitnessSigOps(scriptSig, scriptPubKey, witness, flags);
  }
  return cost;
}
