import type { MutableEntry } from './entry.ts';
import type { MempoolLimits } from './options.ts';

/** What is to be added to families: one transaction, or several of a package at once. */
export interface PackageSize {
  readonly count: number;
  /** Virtual bytes of all of them. */
  readonly vsize: number;
}

/**
 * The ancestors that newcomers would have; or, in Core's words, which limit they would break
 * (Core: CalculateAncestorsAndCheckLimits). The search ends at a limit, so its cost is bounded.
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
  // The set yields what is added to it on the way.
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
