import type { MutableEntry } from './entry.ts';
import type { MempoolLimits } from './options.ts';

/** The totals of the transactions to add: one transaction or a package. */
export interface PackageSize {
  readonly count: number;
  /** Virtual bytes in total. */
  readonly vsize: number;
}

/**
 * Returns the ancestors of new transactions with these parents, or Core's error text if they exceed a limit (Core:
 * CalculateAncestorsAndCheckLimits). The search stops at the limit, which bounds its cost.
 */
export function ancestorsWithinLimits(
  { count, vsize }: PackageSize,
  parents: ReadonlySet<MutableEntry>,
  limits: MempoolLimits,
): ReadonlySet<MutableEntry> | string {
  if (parents.size + count > limits.ancestorCount)
    return `too many unconfirmed parents [limit: ${limits.ancestorCount}]`;
  const ancestors = new Set(parents);
  let size = vsize;
  // Iterating over a set also visits elements added meanwhile.
  for (const ancestor of ancestors) {
    size += ancestor.vsize;
    if (ancestor.descendantSize + vsize > limits.descendantSize) {
      return `exceeds descendant size limit for tx ${ancestor.tx.txidHex} [limit: ${limits.descendantSize}]`;
    }
    if (ancestor.descendantCount + count > limits.descendantCount) {
      return `too many descendants for tx ${ancestor.tx.txidHex} [limit: ${limits.descendantCount}]`;
    }
    if (size > limits.ancestorSize) return `exceeds ancestor size limit [limit: ${limits.ancestorSize}]`;
    for (const parent of ancestor.parents) {
      ancestors.add(parent);
      if (ancestors.size + count > limits.ancestorCount) {
        return `too many unconfirmed ancestors [limit: ${limits.ancestorCount}]`;
      }
    }
  }
  return ancestors;
}
