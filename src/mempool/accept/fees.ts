import { type Reject, reject, type TxRejectKind, type TxRejectReason } from '../../consensus/reject.ts';
import { MAX_STANDARD_TX_SIGOPS_COST, TRUC_VERSION } from '../policy/constants.ts';
import { makesPaidDust } from '../policy/ephemeral-dust.ts';
import { feeAtRate, feeRate } from '../policy/fee-rate.ts';
import type { AcceptContext, Stage } from './workspace.ts';

/** Rejects dust outputs of a transaction that pays a fee (Core: PreCheckEphemeralTx). */
export const checkEphemeralTx: Stage = ({ tx, entry, context: { options } }) =>
  options.requireStandard && makesPaidDust(tx, entry.fee, entry.modifiedFee, options.dustRelayFeeRate)
    ? reject('not-standard', 'dust', 'tx with dust output must be 0-fee')
    : undefined;

/** Checks the signature operation cost against `MAX_STANDARD_TX_SIGOPS_COST`. */
export const checkSigOps: Stage = ({ entry: { sigOpCost } }) =>
  sigOpCost > MAX_STANDARD_TX_SIGOPS_COST
    ? reject('not-standard', 'bad-txns-too-many-sigops', String(sigOpCost))
    : undefined;

/**
 * Checks the minimum relay fee and the mempool minimum fee. In a package, other transactions may pay the latter; the
 * minimum relay fee only for TRUC transactions, as the child that pays could be replaced and leave its parent below the
 * minimum.
 */
export const checkMinFeeRate: Stage = ({ tx, entry: { vsize, modifiedFee }, context }) => {
  if (context.bypassLimits) return undefined;
  const relayFee = feeAtRate(context.options.minRelayFeeRate, vsize);
  if (tx.version !== TRUC_VERSION && modifiedFee < relayFee) {
    return reject('mempool-policy', 'min relay fee not met', `${modifiedFee} < ${relayFee}`);
  }
  return context.package && !context.package.isTest ? undefined : checkFeeRate(vsize, modifiedFee, context);
};

/** Rejects a transaction or package that pays less than the mempool or relay minimum (Core: CheckFeeRate). */
export function checkFeeRate(
  vsize: number,
  modifiedFee: bigint,
  { options, mempoolMinFeeRate }: AcceptContext,
): Reject<TxRejectKind> | undefined {
  const rates: [reason: TxRejectReason, rate: bigint][] = [
    ['mempool min fee not met', mempoolMinFeeRate],
    ['min relay fee not met', options.minRelayFeeRate],
  ];
  for (const [reason, rate] of rates) {
    const least = feeAtRate(rate, vsize);
    if (modifiedFee < least) return reject('reconsiderable', reason, `${modifiedFee} < ${least}`);
  }
  return undefined;
}

/** Checks the maximum fee rate that the submitter of a package has set. */
export const checkPackageMaxFeeRate: Stage = ({ entry, context: { packageMaxFeeRate } }) =>
  packageMaxFeeRate !== undefined && feeRate(entry.modifiedFee, entry.vsize) > packageMaxFeeRate
    ? reject('mempool-policy', 'max feerate exceeded')
    : undefined;

/** Checks the maximum fee rate that the caller has set. */
export const checkMaxFeeRate: Stage = ({ tx, entry: { fee }, context: { maxFeeRate } }) =>
  maxFeeRate !== undefined && fee > feeAtRate(maxFeeRate, tx.vsize)
    ? reject('mempool-policy', 'max-fee-exceeded')
    : undefined;
