import { checkTransaction } from '../../consensus/tx-check.ts';
import type { OutPoint } from '../../primitives/outpoint.ts';
import type { Transaction, TxOut } from '../../primitives/transaction.ts';
import { STANDARD_SCRIPT_VERIFY_FLAGS } from '../../script/flags.ts';
import { SighashCache } from '../../script/sighash/cache.ts';
import { verifyInput } from '../../script/verify.ts';

/**
 * Returns whether an unconfirmed transaction from an untrusted peer may be listed as pending. A payment to the wallet
 * is accepted without proof; an invented one is never confirmed. A spend of the wallet's coins would block them, so all
 * of its signatures must be valid, which can be checked only if all of its inputs are the wallet's. `coin` returns the
 * wallet's output at an outpoint.
 */
export function isAcceptableUnconfirmed(tx: Transaction, coin: (outpoint: OutPoint) => TxOut | undefined): boolean {
  if (tx.isCoinbase || checkTransaction(tx)) return false;
  const own = tx.inputs.map(({ prevout }) => coin(prevout));
  if (!own.some((output) => output)) return true;
  const spent = own.filter((output) => output !== undefined);
  if (spent.length < own.length) return false;
  const cache = new SighashCache(tx, spent);
  return tx.inputs.every((_, i) => verifyInput(tx, i, cache, STANDARD_SCRIPT_VERIFY_FLAGS) === undefined);
}
