import { reject, type TxRejectReason } from '../../consensus/reject.ts';
import { makesPaidDust } from '../policy/ephemeral.ts';
import { feeAtRate } from '../policy/fee-rate.ts';
import { MAX_STANDARD_TX_SIGOPS_COST, TRUC_VERSION } from '../policy/limits.ts';
import type { Stage } from './workspace.ts';

export const checkDustIsUnpaid: Stage = ({ tx, entry, context: { options } }) =>
  options.requireStandard && makesPaidDust(tx, entry.fee, entry.modifiedFee, options.dustRelayFeeRate)
    ? reject('not-standard', 'dust', 'tx with dust output must be 0-fee')
    : undefined;

export const checkSigOps: Stage = ({ entry: { sigOpCost } }) =>
  sigOpCost > MAX_STANDARD_TX_SIGOPS_COST
    ? reject('not-standard', 'bad-txns-too-many-sigops', String(sigOpCost))
    : undefined;

/** The fee rates that every newcomer must pay: the relay's, and the one that a full mempool sets. */
export const checkFeeRate: Stage = ({ tx, entry: { vsize, modifiedFee }, context }) => {
  if (context.isReturning) return undefined;
  const rates: [reason: TxRejectReason, rate: bigint][] = [
    ['min relay fee not met', context.options.minRelayFeeRate],
    ['mempool min fee not met', context.mempoolMinFeeRate],
  ];
  // Core asks version 3 for the relay's rate last, since in a package another transaction may pay it instead.
  if (tx.version === TRUC_VERSION) rates.reverse();
  for (const [reason, rate] of rates) {
    const least = feeAtRate(rate, vsize);
    if (modifiedFee < least) return reject('reconsiderable', reason, `${modifiedFee} < ${least}`);
  }
  return undefined;
};

/** The caller's own guard against paying too much by a slip. */
export const checkMaxFeeRate: Stage = ({ tx, entry: { fee }, context: { maxFeeRate } }) =>
  maxFeeRate !== undefined && fee > feeAtRate(maxFeeRate, tx.vsize)
    ? reject('mempool-policy', 'max-fee-exceeded')
    : undefined;
