import { MAX_MONEY, moneyRange } from '../primitives/amount.ts';
import { isNullOutPoint, outPointKey } from '../primitives/outpoint.ts';
import { type Transaction, WITNESS_SCALE_FACTOR } from '../primitives/transaction.ts';
import { MAX_BLOCK_WEIGHT } from './limits.ts';
import { type Reject, reject, type TxRejectReason } from './reject.ts';

const invalid = (reason: TxRejectReason): Reject<'consensus'> => reject('consensus', reason);

function spendsTwice(tx: Transaction): boolean {
  if (tx.inputs.length < 2) return false;
  const seen = new Set<string>();
  for (const { prevout } of tx.inputs) seen.add(outPointKey(prevout));
  return seen.size !== tx.inputs.length;
}

/**
 * Checks a transaction independently of the outputs it spends (Core: CheckTransaction).
 *
 * @example
 * ```ts
 * import { checkTransaction, formatReject } from 'pier/consensus';
 * import { Transaction } from 'pier/primitives';
 *
 * const tx = new Transaction({ version: 2, inputs: [], outputs: [], lockTime: 0 });
 * console.log(formatReject(checkTransaction(tx)!)); // bad-txns-vin-empty
 * ```
 */
export function checkTransaction(tx: Transaction): Reject<'consensus'> | undefined {
  if (tx.inputs.length === 0) return invalid('bad-txns-vin-empty');
  if (tx.outputs.length === 0) return invalid('bad-txns-vout-empty');
  if (tx.strippedSize * WITNESS_SCALE_FACTOR > MAX_BLOCK_WEIGHT) return invalid('bad-txns-oversize');

  let total = 0n;
  for (const { value } of tx.outputs) {
    if (value < 0n) return invalid('bad-txns-vout-negative');
    if (value > MAX_MONEY) return invalid('bad-txns-vout-toolarge');
    total += value;
    if (!moneyRange(total)) return invalid('bad-txns-txouttotal-toolarge');
  }

  // Two inputs with one outpoint would spend it twice (CVE-2018-17144).
  if (spendsTwice(tx)) return invalid('bad-txns-inputs-duplicate');

  if (tx.isCoinbase) {
    const size = tx.inputs[0]!.scriptSig.length;
    if (size < 2 || size > 100) return invalid('bad-cb-length');
  } else {
    for (const { prevout } of tx.inputs) if (isNullOutPoint(prevout)) return invalid('bad-txns-prevout-null');
  }
  return undefined;
}

/** Returns the total value of the outputs, in satoshis. */
export function totalOutputValue(tx: Transaction): bigint {
  let total = 0n;
  for (const { value } of tx.outputs) total += value;
  return total;
}
