import { type PackageRejectKind, type Reject, reject } from '../../consensus/reject.ts';
import { replacementCountError, replacementFeeError } from '../accept/rbf.ts';
import type { Workspace } from '../accept/workspace.ts';
import type { MutableEntry } from '../entry.ts';
import { withDescendants } from '../graph.ts';
import { feeRate, formatFeeRate } from '../policy/fee-rate.ts';
import { type Chunk, conflictTopologyError, improvesDiagram } from './feerate-diagram.ts';

/**
 * Checks the package RBF rules (Core: PackageMempoolChecks): one parent and one child without unconfirmed ancestors,
 * which pay the fees of all replaced transactions plus their own relay and improve the fee rate diagram. Returns the
 * entries to replace, or the reject.
 */
export function checkPackageRbf(
  workspaces: readonly Workspace[],
  total: Chunk,
): readonly MutableEntry[] | Reject<PackageRejectKind> {
  const fail = (what: string, debug?: string) =>
    reject('package-policy' as const, `package RBF failed: ${what}`, debug);
  const [parent, child] = workspaces;
  if (!parent || !child || workspaces.length !== 2) return fail('package must be 1-parent-1-child');
  if (workspaces.some(({ ancestors }) => ancestors.size > 0)) {
    return fail('new transaction cannot have mempool ancestors');
  }
  const conflicts = new Set([...parent.conflicts, ...child.conflicts]);
  const tooMany = replacementCountError(child.tx, conflicts);
  if (tooMany !== undefined) return fail('too many potential replacements', tooMany);
  const replaced = withDescendants(conflicts);
  const lowFee = replacementFeeError(child.tx, total, replaced, child.context.options.incrementalRelayFeeRate);
  if (lowFee !== undefined) return fail('insufficient anti-DoS fees', lowFee);

  // The child must pay for its parent, not only for the replacement.
  const packageRate = feeRate(total.fee, total.vsize);
  const parentRate = feeRate(parent.entry.modifiedFee, parent.entry.vsize);
  if (packageRate <= parentRate) {
    const rates = `package feerate ${formatFeeRate(packageRate)} <= parent feerate is ${formatFeeRate(parentRate)}`;
    return fail('package feerate is less than or equal to parent feerate', rates);
  }
  const topologyError = conflictTopologyError(replaced);
  if (topologyError !== undefined) return fail(topologyError);
  if (!improvesDiagram(replaced, total)) return fail('insufficient feerate: does not improve feerate diagram');
  return replaced;
}
