import { type PackageRejectKind, type Reject, reject } from '../../consensus/reject.ts';
import type { Workspace } from '../accept/workspace.ts';
import { ancestorsWithinLimits } from '../ancestor-limits.ts';
import type { MutableEntry } from '../entry.ts';
import type { MempoolLimits } from '../options.ts';

/**
 * Checks the ancestor and descendant limits as if each transaction of the package were related to all others, which is
 * stricter than necessary but cheap (Core: CheckPackageLimits). None of them may be in the mempool.
 */
export function checkPackageLimits(
  workspaces: readonly Workspace[],
  vsize: number,
): Reject<PackageRejectKind> | undefined {
  const { graph, options } = workspaces[0]!.context;
  const count = workspaces.length;
  const parents = new Set<MutableEntry>();
  for (const { entry } of workspaces) for (const parent of graph.findParents(entry)) parents.add(parent);
  const debug =
    packageSizeError(count, vsize, options.limits) ?? ancestorLimitsError(count, vsize, parents, options.limits);
  return debug === undefined ? undefined : reject('package-policy', 'package-mempool-limits', debug);
}

function packageSizeError(count: number, vsize: number, limits: MempoolLimits): string | undefined {
  const { ancestorCount, descendantCount, ancestorSize, descendantSize } = limits;
  if (count > ancestorCount) return `package count ${count} exceeds ancestor count limit [limit: ${ancestorCount}]`;
  if (count > descendantCount)
    return `package count ${count} exceeds descendant count limit [limit: ${descendantCount}]`;
  if (vsize > ancestorSize) return `package size ${vsize} exceeds ancestor size limit [limit: ${ancestorSize}]`;
  if (vsize > descendantSize) return `package size ${vsize} exceeds descendant size limit [limit: ${descendantSize}]`;
  return undefined;
}

function ancestorLimitsError(
  count: number,
  vsize: number,
  parents: ReadonlySet<MutableEntry>,
  limits: MempoolLimits,
): string | undefined {
  if (parents.size + count > limits.ancestorCount) {
    return `too many unconfirmed parents [limit: ${limits.ancestorCount}]`;
  }
  const ancestors = ancestorsWithinLimits({ count, vsize }, parents, limits);
  return typeof ancestors === 'string' ? `possibly ${ancestors}` : undefined;
}
