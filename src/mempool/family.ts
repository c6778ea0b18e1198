import type { Entry } from './entry.ts';
import type { FamilyLimits } from './options.ts';

/**
 * The ancestors that `entry`, not yet added, would have; or, in Core's words, which limit it would break
 * (Core: CalculateMemPoolAncestors). The search ends at a limit, so its cost is bounded.
 */
export function limitedAncestors(
  entry: Entry,
  parents: ReadonlySet<Entry>,
  limits: FamilyLimits,
): ReadonlySet<Entry> | string {
  if (parents.size + 1 > limits.ancestorCount) return `too many unconfirmed parents [limit: ${limits.ancestorCount}]`;
  const ancestors = new Set(parents);
  let size = entry.vsize;
  // The set yields what is added to it on the way.
  for (const ancestor of ancestors) {
    size += ancestor.vsize;
    if (ancestor.descendantSize + entry.vsize > limits.descendantSize) {
      return `exceeds descendant size limit for tx ${ancestor.tx.txidHex} [limit: ${limits.descendantSize}]`;
    }
    if (ancestor.descendantCount + 1 > limits.descendantCount) {
      return `too many descendants for tx ${ancestor.tx.txidHex} [limit: ${limits.descendantCount}]`;
    }
    if (size > limits.ancestorSize) return `exceeds ancestor size limit [limit: ${limits.ancestorSize}]`;
    for (const parent of ancestor.parents) {
      ancestors.add(parent);
      if (ancestors.size + 1 > limits.ancestorCount) {
        return `too many unconfirmed ancestors [limit: ${limits.ancestorCount}]`;
      }
    }
  }
  return ancestors;
}
