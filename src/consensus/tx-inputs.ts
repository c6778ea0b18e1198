import { formatMoney, moneyRange } from '../primitives/amount.ts';
import type { Transaction } from '../primitives/transaction.ts';
import type { Coin, CoinView } from './coins.ts';
import type { ChainParams } from './params.ts';
import { type Reject, reject } from './reject.ts';
import { totalOutputValue } from './tx-check.ts';

/** The kinds of `Reject` of `checkTxInputs`. */
export type TxInputsRejectKind = 'missing-inputs' | 'premature-spend' | 'consensus';

/** The fee in satoshis and the coin that each input spends, or the `Reject`. */
export type TxInputsResult<Kind extends string = TxInputsRejectKind> =
  | { readonly fee: bigint; readonly coins: readonly Coin[]; readonly reject?: undefined }
  | { readonly reject: Reject<Kind> };

/** The `Reject` of a transaction that spends an output that does not exist. */
export const missingInputs: Reject<'missing-inputs'> = reject(
  'missing-inputs',
  'bad-txns-inputs-missingorspent',
  'CheckTxInputs: inputs missing/spent',
);

/**
 * Checks the outputs that a transaction spends: they exist, coinbase outputs are mature, and their value covers that of
 * the transaction's outputs (Core: CheckTxInputs). Does not check scripts and lock times. `spendHeight` is the height
 * of the block with the transaction. Requires a transaction that passes `checkTransaction` and is not a coinbase.
 */
export function checkTxInputs(
  tx: Transaction,
  view: CoinView,
  spendHeight: number,
  params: ChainParams,
): TxInputsResult {
  const coins: Coin[] = [];
  for (const { prevout } of tx.inputs) {
    const coin = view.getCoin(prevout);
    if (!coin) return { reject: missingInputs };
    coins.push(coin);
  }
  return checkTxCoins(tx, coins, spendHeight, params);
}

/** Does the checks of `checkTxInputs`, given the coin of each input in order. */
export function checkTxCoins(
  tx: Transaction,
  coins: readonly Coin[],
  spendHeight: number,
  params: ChainParams,
): TxInputsResult<'premature-spend' | 'consensus'> {
  let valueIn = 0n;
  for (const coin of coins) {
    const depth = spendHeight - coin.height;
    if (coin.isCoinbase && depth < params.coinbaseMaturity) {
      const debug = `tried to spend coinbase at depth ${depth}`;
      return { reject: reject('premature-spend', 'bad-txns-premature-spend-of-coinbase', debug) };
    }
    valueIn += coin.output.value;
    if (!moneyRange(coin.output.value) || !moneyRange(valueIn)) {
      return { reject: reject('consensus', 'bad-txns-inputvalues-outofrange') };
    }
  }
  const valueOut = totalOutputValue(tx);
  if (valueIn < valueOut) {
    const debug = `value in (${formatMoney(valueIn)}) < value out (${formatMoney(valueOut)})`;
    return { reject: reject('consensus', 'bad-txns-in-belowout', debug) };
  }
  const fee = valueIn - valueOut;
  if (!moneyRange(fee)) return { reject: reject('consensus', 'bad-txns-fee-outofrange') };
  return { fee, coins };
}
