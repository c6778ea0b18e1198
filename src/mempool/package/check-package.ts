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

/** Why transactions are refused together. */
export interface RejectedPackage {
  readonly reject: Reject<PackageRejectKind>;
  /** Which of them is to blame, and for what; absent where all are. */
  readonly failedTx?: { readonly position: number; readonly reject: Reject<TxRejectKind> };
}

/** What comes of a package that passes. */
export interface ValidPackage {
  readonly total: Chunk;
  /** The entries that go. */
  readonly replaced: readonly MutableEntry[];
}

/** What Core says of the whole where one transaction is to blame. */
export const transactionFailed: Reject<PackageRejectKind> = reject('package-tx', 'transaction failed');

/**
 * Judges several transactions, parents before their children, that share one context with a `package` (Core:
 * AcceptMultipleTransactions). Where they pass, the workspaces hold the entries to add.
 */
export function checkPackage(workspaces: readonly Workspace[]): ValidPackage | RejectedPackage {
  const { context } = workspaces[0]!;
  const failed = (position: number, refusal: Reject<TxRejectKind>, whole = transactionFailed): RejectedPackage => {
    return { reject: whole, failedTx: { position, reject: refusal } };
  };
  const { transactions, isTest } = context.package!;
  for (const [position, workspace] of workspaces.entries()) {
    const refusal = runPreChecks(workspace);
    if (refusal) return failed(position, refusal);
    transactions.set(binaryKey(workspace.tx.txid), workspace.tx);
  }

  for (const { tx, entry, ancestors } of workspaces) {
    const others = workspaces.filter((other) => other.tx !== tx).map((other) => other.tx);
    const violation = packageTrucViolation(tx, entry.vsize, ancestors, others);
    if (violation !== undefined) return { reject: reject('package-policy', 'TRUC-violation', violation) };
  }

  const total = sum(workspaces);
  const tooCheap = isTest ? undefined : checkFeeRate(total.vsize, total.fee, context);
  if (tooCheap) return failed(workspaces.length - 1, tooCheap);
  const beyondLimits = checkPackageLimits(workspaces, total.vsize);
  if (beyondLimits) return { reject: beyondLimits };
  const isReplacing = workspaces.some(({ conflicts }) => conflicts.size > 0);
  const replaced = isReplacing ? checkPackageRbf(workspaces, total) : [];
  if ('kind' in replaced) return { reject: replaced };

  if (context.options.requireStandard) {
    for (const [position, workspace] of workspaces.entries()) {
      const refusal = checkParentDust(workspace.tx, parentsOf(workspace, workspaces), context.options.dustRelayFeeRate);
      if (refusal) return failed(position, refusal, reject('package-tx', 'unspent-dust'));
    }
  }
  for (const [position, workspace] of workspaces.entries()) {
    const refusal = checkScripts(workspace);
    if (refusal) return failed(position, refusal);
  }
  return { total, replaced };
}

function sum(workspaces: readonly Workspace[]): Chunk {
  let fee = 0n;
  let vsize = 0;
  for (const { entry } of workspaces) {
    fee += entry.modifiedFee;
    vsize += entry.vsize;
  }
  return { fee, vsize };
}

/** In the mempool and in the package. */
function* parentsOf({ tx, entry, context }: Workspace, workspaces: readonly Workspace[]): Generator<MutableEntry> {
  yield* context.graph.findParents(entry);
  const spent = new Set(tx.inputs.map(({ prevout }) => binaryKey(prevout.txid)));
  for (const other of workspaces) if (spent.has(other.entry.key)) yield other.entry;
}
