import { checkTransaction } from '../consensus/tx-check.ts';
import type { OutPoint } from '../primitives/outpoint.ts';
import type { Transaction, TxOut } from '../primitives/transaction.ts';
import { STANDARD_SCRIPT_VERIFY_FLAGS } from '../script/flags.ts';
import { SighashCache } from '../script/sighash/cache.ts';
import { verifyInput } from '../script/verify.ts';

/**
 * Whether a transaction that nobody has judged may be shown to wait for a block. What pays a wallet may be made up, and
 * will then never be in a block. What spends a wallet's coins would keep these from being spent: it needs their owner's
 * signatures, which can be judged where all that is spent is known. `coin` knows the wallet's own.
 */
export function isBelievable(tx: Transaction, coin: (outpoint: OutPoint) => TxOut | undefined): boolean {
  if (tx.isCoinbase || checkTransaction(tx)) return false;
  const own = tx.inputs.map(({ prevout }) => coin(prevout));
  if (!own.some((output) => output)) return true;
  const spent = own.filter((output) => output !== undefined);
  if (spent.length < own.length) return false;
  const cache = new SighashCache(tx, spent);
  return tx.inputs.every((_, i) => verifyInput(tx, i, cache, STANDARD_SCRIPT_VERIFY_FLAGS) === undefined);
}
