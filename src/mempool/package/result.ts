import type { PackageRejectKind, Reject, TxRejectKind } from '../../consensus/reject.ts';
import type { Workspace } from '../accept/workspace.ts';
import type { MempoolEntry } from '../entry.ts';
import { feeRate } from '../policy/fee-rate.ts';
import type { RejectedPackage, ValidPackage } from './check-package.ts';

/** A transaction of a package that passed. */
export interface AcceptedPackageTx {
  readonly entry: MempoolEntry;
  readonly replaced: readonly MempoolEntry[];
  /** Satoshis per 1,000 virtual bytes of those that were judged together, prioritisation included. */
  readonly effectiveFeeRate: bigint;
  /** Their wtxids. */
  readonly effectiveIncludes: readonly Uint8Array[];
}

/** What became of one transaction: it passed, it was in the mempool before, perhaps with another witness, or it was refused. */
export type PackageTxResult =
  | AcceptedPackageTx
  | { readonly present: MempoolEntry }
  | { readonly reject: Reject<TxRejectKind> };

export interface PackageResult {
  /** Why not all of it is in the mempool. */
  readonly reject?: Reject<PackageRejectKind>;
  /** In the order of the transactions; undefined for those that were not judged to the end. */
  readonly results: readonly (PackageTxResult | undefined)[];
}

/** What was judged together, as a result for each. */
export function packageResult(
  workspaces: readonly Workspace[],
  verdict: ValidPackage | RejectedPackage,
): PackageResult {
  if ('reject' in verdict) {
    const { failedTx: culprit } = verdict;
    const results = workspaces.map((_, at) => (culprit?.position === at ? { reject: culprit.reject } : undefined));
    return { reject: verdict.reject, results };
  }
  const { total, replaced } = verdict;
  const isTest = workspaces[0]!.context.package!.isTest;
  const all = workspaces.map(({ tx }) => tx.wtxid);
  return {
    results: workspaces.map(({ tx, entry }, at) => ({
      entry,
      // Core tells this once.
      replaced: at === 0 ? replaced : [],
      effectiveFeeRate: isTest ? feeRate(entry.modifiedFee, entry.vsize) : feeRate(total.fee, total.vsize),
      effectiveIncludes: isTest ? [tx.wtxid] : all,
    })),
  };
}
