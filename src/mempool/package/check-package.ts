import { binaryKey } from '../../bytes/compare.ts';
import { type PackageRejectKind, type Reject, reject, type TxRejectKind } from '../../consensus/reject.ts';
import { checkParentDust } from '../accept/ancestors.ts';
import { checkFeeRate } from '../accept/fees.ts';
import { runPreChecks } from '../accept/pipeline.ts';
import { checkScripts } from '../accept/scripts.ts';
import type { Workspace } from '../accept/workspace.ts';
import type { MutableEntry } from '../entry.ts';
import { packageTrucViolation } from '../policy/truc.ts';
import type { Chunk } from './feerate-diagram.ts';
import { checkPackageLimits } from './package-limits.ts';
import { checkPackageRbf } from './package-rbf.ts';

/** Why a package is rejected. */
export interface RejectedPackage {
  readonly reject: Reject<PackageRejectKind>;
  /** The transaction that failed; absent if the package failed as a whole. */
  readonly failedTx?: { readonly position: number; readonly reject: Reject<TxRejectKind> };
}

/** A package that passed all checks. */
export interface ValidPackage {
  /** Modified fees and virtual size of all transactions. */
  readonly total: Chunk;
  /** The entries to remove. */
  readonly replaced: readonly MutableEntry[];
}

/** Core's package reject if a single transaction has failed. */
export const transactionFailed: Reject<PackageRejectKind> = reject('package-tx', 'transaction failed');

/**
 * Checks a package, parents before children; all workspaces share one context, with `package` set (Core:
 * AcceptMultipleTransactions). If it passes, the workspaces have the entries to add.
 */
export function checkPackage(workspaces: readonly Workspace[]): ValidPackage | RejectedPackage {
  const { context } = workspaces[0]!;
  const failed = (position: number, rejected: Reject<TxRejectKind>, whole = transactionFailed): RejectedPackage => {
    return { reject: whole, failedTx: { position, reject: rejected } };
  };
  const { transactions, isTest } = context.package!;
  for (const [position, workspace] of workspaces.entries()) {
    const rejected = runPreChecks(workspace);
    if (rejected) return failed(position, rejected);
    transactions.set(binaryKey(workspace.tx.txid), workspace.tx);
  }

  for (const { tx, entry, ancestors } of workspaces) {
    const others = workspaces.filter((other) => other.tx !== tx).map((other) => other.tx);
    const violation = packageTrucViolation(tx, entry.vsize, ancestors, others);
    if (violation !== undefined) return { reject: reject('package-policy', 'TRUC-violation', violation) };
  }

  const total = sum(workspaces);
  const lowFee = isTest ? undefined : checkFeeRate(total.vsize, total.fee, context);
  if (lowFee) return failed(workspaces.length - 1, lowFee);
  const beyondLimits = checkPackageLimits(workspaces, total.vsize);
  if (beyondLimits) return { reject: beyondLimits };
  const isReplacing = workspaces.some(({ conflicts }) => conflicts.size > 0);
  const replaced = isReplacing ? checkPackageRbf(workspaces, total) : [];
  if ('kind' in replaced) return { reject: replaced };

  if (context.options.requireStandard) {
    for (const [position, workspace] of workspaces.entries()) {
      const rejected = checkParentDust(
        workspace.tx,
        parentsOf(workspace, workspaces),
        context.options.dustRelayFeeRate,
      );
      if (rejected) return failed(position, rejected, reject('package-tx', 'unspent-dust'));
    }
  }
  for (const [position, workspace] of workspaces.entries()) {
    const rejected = checkScripts(workspace);
    if (rejected) return failed(position, rejected);
  }
  return { total, replaced };
}

/** Returns the modified fees and the virtual size of all transactions. */
export function sum(workspaces: readonly Workspace[]): Chunk {
  let fee = 0n;
  let vsize = 0;
  for (const { entry } of workspaces) {
    fee += entry.modifiedFee;
    vsize += entry.vsize;
  }
  return { fee, vsize };
}

/** Iterates over the parents in the mempool and in the package. */
function* parentsOf({ tx, entry, context }: Workspace, workspaces: readonly Workspace[]): Generator<MutableEntry> {
  yield* context.graph.findParents(entry);
  const spent = new Set(tx.inputs.map(({ prevout }) => binaryKey(prevout.txid)));
  for (const other of workspaces) if (spent.has(other.entry.key)) yield other.entry;
}
