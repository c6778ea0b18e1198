import { type Reject, reject, type TxRejectKind, type TxRejectReason } from '../../consensus/reject.ts';
import { MAX_STANDARD_TX_SIGOPS_COST, TRUC_VERSION } from '../policy/constants.ts';
import { makesPaidDust } from '../policy/ephemeral-dust.ts';
import { feeAtRate, feeRate } from '../policy/fee-rate.ts';
import type { AcceptContext, Stage } from './workspace.ts';

export const checkEphemeralTx: Stage = ({ tx, entry, context: { options } }) =>
  options.requireStandard && makesPaidDust(tx, entry.fee, entry.modifiedFee, options.dustRelayFeeRate)
    ? reject('not-standard', 'dust', 'tx with dust output must be 0-fee')
    : undefined;

export const checkSigOps: Stage = ({ entry: { sigOpCost } }) =>
  sigOpCost > MAX_STANDARD_TX_SIGOPS_COST
    ? reject('not-standard', 'bad-txns-too-many-sigops', String(sigOpCost))
    : undefined;

/**
 * The fee rates that every newcomer must pay: the relay's, and the one that a full mempool sets. In a package others may
 * pay them for it, but the relay's only for version 3, whose families cannot lose the one that pays unnoticed.
 */
export const checkMinFeeRate: Stage = ({ tx, entry: { vsize, modifiedFee }, context }) => {
  if (context.bypassLimits) return undefined;
  const relayFee = feeAtRate(context.options.minRelayFeeRate, vsize);
  if (tx.version !== TRUC_VERSION && modifiedFee < relayFee) {
    return reject('mempool-policy', 'min relay fee not met', `${modifiedFee} < ${relayFee}`);
  }
  return context.package && !context.package.isTest ? undefined : checkFeeRate(vsize, modifiedFee, context);
};

/** Why `vsize` virtual bytes for `modifiedFee` satoshis, of one or several transactions, are too many (Core: CheckFeeRate). */
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

/** The guard of who submits a package, against paying too much by a slip. */
export const checkPackageMaxFeeRate: Stage = ({ entry, context: { packageMaxFeeRate } }) =>
  packageMaxFeeRate !== undefined && feeRate(entry.modifiedFee, entry.vsize) > packageMaxFeeRate
    ? reject('mempool-policy', 'max feerate exceeded')
    : undefined;

/** The caller's own guard against paying too much by a slip. */
export const checkMaxFeeRate: Stage = ({ tx, entry: { fee }, context: { maxFeeRate } }) =>
  maxFeeRate !== undefined && fee > feeAtRate(maxFeeRate, tx.vsize)
    ? reject('mempool-policy', 'max-fee-exceeded')
    : undefined;
