import type { PackageRejectKind, Reject, TxRejectKind } from '../../consensus/reject.ts';
import type { Workspace } from '../accept/workspace.ts';
import type { MempoolEntry } from '../entry.ts';
import { feeRate } from '../policy/fee-rate.ts';
import type { RejectedPackage, ValidPackage } from './check-package.ts';

/** A transaction of a package that passed all checks. */
export interface AcceptedPackageTx {
  readonly entry: MempoolEntry;
  /** Entries that it replaced. */
  readonly replaced: readonly MempoolEntry[];
  /** Satoshis per 1,000 virtual bytes of the transactions that were checked together, prioritisation included. */
  readonly effectiveFeeRate: bigint;
  /** The wtxids of these transactions. */
  readonly effectiveIncludes: readonly Uint8Array[];
}

/** The result of one transaction: accepted, already in the mempool (perhaps with another witness), or rejected. */
export type PackageTxResult =
  | AcceptedPackageTx
  | { readonly present: MempoolEntry }
  | { readonly reject: Reject<TxRejectKind> };

/** The result of a package (Core: PackageMempoolAcceptResult). */
export interface PackageResult {
  /** Why not all transactions are in the mempool. */
  readonly reject?: Reject<PackageRejectKind>;
  /** In transaction order; undefined for those that were not fully checked. */
  readonly results: readonly (PackageTxResult | undefined)[];
}

/** Returns the result of each transaction of a package that was checked as a whole. */
export function packageResult(
  workspaces: readonly Workspace[],
  checked: ValidPackage | RejectedPackage,
): PackageResult {
  if ('reject' in checked) {
    const { failedTx } = checked;
    const results = workspaces.map((_, at) => (failedTx?.position === at ? { reject: failedTx.reject } : undefined));
    return { reject: checked.reject, results };
  }
  const { total, replaced } = checked;
  const isTest = workspaces[0]!.context.package!.isTest;
  const all = workspaces.map(({ tx }) => tx.wtxid);
  return {
    results: workspaces.map(({ tx, entry }, at) => ({
      entry,
      // Core reports these only once.
      replaced: at === 0 ? replaced : [],
      effectiveFeeRate: isTest ? feeRate(entry.modifiedFee, entry.vsize) : feeRate(total.fee, total.vsize),
      effectiveIncludes: isTest ? [tx.wtxid] : all,
    })),
  };
}
