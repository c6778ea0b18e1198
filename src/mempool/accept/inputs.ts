import { binaryKey } from '../../bytes/compare.ts';
import type { Coin } from '../../consensus/coins.ts';
import { reject } from '../../consensus/reject.ts';
import { transactionSigOpCost } from '../../consensus/sigops.ts';
import { checkTxCoins, missingInputs } from '../../consensus/tx-inputs.ts';
import type { OutPoint } from '../../primitives/outpoint.ts';
import { STANDARD_SCRIPT_VERIFY_FLAGS } from '../../script/flags.ts';
import { findCoin } from '../coin-view.ts';
import { MEMPOOL_HEIGHT, MutableEntry } from '../entry.ts';
import { isFinalAfter, isUnlockedAfter } from '../locks.ts';
import { policyVsize } from '../policy/fee-rate.ts';
import { areInputsStandard, isWitnessStandard } from '../policy/standard-inputs.ts';
import type { AcceptContext, Stage, Workspace } from './workspace.ts';

/** Rejects transactions that are not final in the next block. */
export const checkFinal: Stage = ({ tx, context: { tip } }) =>
  isFinalAfter(tx, tip) ? undefined : reject('premature-spend', 'non-final');

/** Looks up the coins that the inputs spend. */
export const findCoins: Stage = (workspace) => {
  const { tx, context } = workspace;
  const coins: Coin[] = [];
  for (const { prevout } of tx.inputs) {
    const coin = packageCoin(context, prevout) ?? findCoin(context.graph, context.chainCoins, prevout);
    if (!coin) return isConfirmed(workspace) ? reject('conflict', 'txn-already-known') : missing;
    coins.push(coin);
  }
  workspace.coins = coins;
  return undefined;
};

/** Returns the coin if it is an output of the same package. */
function packageCoin(context: AcceptContext, { txid, vout }: OutPoint): Coin | undefined {
  const output = context.package?.transactions.get(binaryKey(txid))?.outputs[vout];
  return output && { output, height: MEMPOOL_HEIGHT, isCoinbase: false };
}

const missing = reject('missing-inputs', missingInputs.reason);

/** Returns whether the transaction is confirmed: it has spent its own inputs, and one of its outputs is unspent. */
function isConfirmed({ tx, context }: Workspace): boolean {
  const { txid } = tx;
  return tx.outputs.some((_, vout) => context.chainCoins.getCoin({ txid, vout }) !== undefined);
}

/** Checks BIP68 relative locks. */
export const checkSequenceLocks: Stage = ({ tx, coins, context: { tip } }) =>
  isUnlockedAfter(tx, coins, tip) ? undefined : reject('premature-spend', 'non-BIP68-final');

/** Checks coinbase maturity and amounts, then the policy on inputs and witnesses; creates the entry. */
export const checkInputs: Stage = (workspace) => {
  const { tx, coins, context, feeDelta } = workspace;
  const { tip, params, options, time } = context;
  const inputs = checkTxCoins(tx, coins, tip.height + 1, params);
  if (inputs.reject) return inputs.reject;

  if (options.requireStandard) {
    if (!areInputsStandard(tx, coins)) return reject('inputs-not-standard', 'bad-txns-nonstandard-inputs');
    if (!isWitnessStandard(tx, coins)) return reject('witness-mutated', 'bad-witness-nonstandard');
  }

  const sigOpCost = transactionSigOpCost(tx, coins, STANDARD_SCRIPT_VERIFY_FLAGS);
  const vsize = policyVsize(tx.weight, sigOpCost);
  const spendsCoinbase = coins.some((coin) => coin.isCoinbase);
  const fields = { tx, fee: inputs.fee, time, height: tip.height, sigOpCost, vsize, spendsCoinbase };
  workspace.entry = new MutableEntry(fields, feeDelta);
  return undefined;
};
