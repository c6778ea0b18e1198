import { binaryKey } from '../../bytes/compare.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import { checkFeeRate } from '../accept/fees.ts';
import { runAllChecks, runPreChecks } from '../accept/pipeline.ts';
import { checkScripts } from '../accept/scripts.ts';
import type { Workspace } from '../accept/workspace.ts';
import { sum } from './check-package.ts';
import { checkWellFormedPackage } from './well-formed.ts';

/** The transactions of a package that are not in the mempool, each to be checked alone and as part of the package. */
export interface PackageWorkspaces {
  readonly single: readonly Workspace[];
  /** They share one context, with `package` set. */
  readonly together: readonly Workspace[];
}

/**
 * Postpones the costly scripts that the submission of a package would run; the mempool does not change. A few more are
 * postponed than the submission needs, e.g. if the package fails for limits that depend on which of its transactions are
 * accepted alone.
 */
export function postponePackage(txs: readonly Transaction[], { single, together }: PackageWorkspaces): void {
  if (checkWellFormedPackage(txs)) return;
  for (const workspace of single) runAllChecks(workspace);
  const passed: Workspace[] = [];
  for (const workspace of together) {
    const { tx, context } = workspace;
    if (runPreChecks(workspace)) break;
    context.package!.transactions.set(binaryKey(tx.txid), tx);
    passed.push(workspace);
  }
  if (passed.length < 2) return;
  const { fee, vsize } = sum(passed);
  if (checkFeeRate(vsize, fee, passed[0]!.context)) return;
  for (const workspace of passed) checkScripts(workspace);
}
