import { type PackageRejectKind, type Reject, reject } from '../../consensus/reject.ts';
import { replacementCountError, replacementFeeError } from '../accept/rbf.ts';
import type { Workspace } from '../accept/workspace.ts';
import type { MutableEntry } from '../entry.ts';
import { withDescendants } from '../graph.ts';
import { feeRate, formatFeeRate } from '../policy/fee-rate.ts';
import { type Chunk, conflictTopologyError, improvesDiagram } from './feerate-diagram.ts';

/**
 * A package may replace what it conflicts with if it is one parent and one child that depend on nothing unconfirmed, pay
 * as much as all that goes and their own relay, and are better for miners than that at every size of block (Core:
 * PackageMempoolChecks). Returns the entries that go, or what is wrong.
 */
export function checkPackageRbf(
  workspaces: readonly Workspace[],
  total: Chunk,
): readonly MutableEntry[] | Reject<PackageRejectKind> {
  const fault = (what: string, debug?: string) =>
    reject('package-policy' as const, `package RBF failed: ${what}`, debug);
  const [parent, child] = workspaces;
  if (!parent || !child || workspaces.length !== 2) return fault('package must be 1-parent-1-child');
  if (workspaces.some(({ ancestors }) => ancestors.size > 0)) {
    return fault('new transaction cannot have mempool ancestors');
  }
  const conflicts = new Set([...parent.conflicts, ...child.conflicts]);
  const tooMany = replacementCountError(child.tx, conflicts);
  if (tooMany !== undefined) return fault('too many potential replacements', tooMany);
  const replaced = withDescendants(conflicts);
  const tooCheap = replacementFeeError(child.tx, total, replaced, child.context.options.incrementalRelayFeeRate);
  if (tooCheap !== undefined) return fault('insufficient anti-DoS fees', tooCheap);

  // The child must lift its parent, not only pay for the replacement.
  const packageRate = feeRate(total.fee, total.vsize);
  const parentRate = feeRate(parent.entry.modifiedFee, parent.entry.vsize);
  if (packageRate <= parentRate) {
    const rates = `package feerate ${formatFeeRate(packageRate)} <= parent feerate is ${formatFeeRate(parentRate)}`;
    return fault('package feerate is less than or equal to parent feerate', rates);
  }
  const uncalculable = conflictTopologyError(replaced);
  if (uncalculable !== undefined) return fault(uncalculable);
  if (!improvesDiagram(replaced, total)) return fault('insufficient feerate: does not improve feerate diagram');
  return replaced;
}
