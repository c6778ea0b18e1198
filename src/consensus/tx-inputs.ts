import { formatMoney, moneyRange } from '../primitives/amount.ts';
import type { Transaction } from '../primitives/transaction.ts';
import type { Coin, CoinView } from './coins.ts';
import type { ChainParams } from './params.ts';
import { type Reject, reject } from './reject.ts';
import { totalOutputValue } from './tx-check.ts';

export type TxInputsRejectKind = 'missing-inputs' | 'premature-spend' | 'consensus';

export type TxInputsResult<Kind extends string = TxInputsRejectKind> =
  /** Satoshis, and what each input spends. */
  | { readonly fee: bigint; readonly coins: readonly Coin[]; readonly reject?: undefined }
  | { readonly reject: Reject<Kind> };

/** `checkTxInputs`'s refusal of a transaction of which `view` lacks an input. */
export const missingInputs: Reject<'missing-inputs'> = reject(
  'missing-inputs',
  'bad-txns-inputs-missingorspent',
  'CheckTxInputs: inputs missing/spent',
);

/**
 * The rules for what a transaction spends, save scripts and locks: the outputs exist, coinbases are mature, and no more
 * goes out than comes in (Core: CheckTxInputs). `spendHeight` is the height of the block that would hold it. Only for
 * transactions that are no coinbase and pass `checkTransaction`.
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

/** `checkTxInputs` for inputs whose coins, in their order, have been looked up. */
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
