import { equalBytes } from '../../bytes/compare.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import type { MutableEntry } from '../entry.ts';
import {
  TRUC_ANCESTOR_LIMIT,
  TRUC_CHILD_MAX_VSIZE,
  TRUC_DESCENDANT_LIMIT,
  TRUC_MAX_VSIZE,
  TRUC_VERSION,
} from './constants.ts';

/** A violation of the TRUC rules. */
export interface TrucViolation {
  /** Core's debug message. */
  readonly debug: string;
  /** The parent's other child, if evicting it resolves the violation (sibling eviction). */
  readonly sibling?: MutableEntry;
}

/**
 * Returns how a single transaction violates the TRUC rules (BIP431; Core: SingleTRUCChecks): unconfirmed relatives are
 * all TRUC or none, and a TRUC transaction is small, with at most one parent or one child. `ancestors` are in the
 * mempool.
 */
export function trucViolation(
  tx: Transaction,
  vsize: number,
  ancestors: ReadonlySet<MutableEntry>,
  conflicts: ReadonlySet<MutableEntry>,
): TrucViolation | undefined {
  const isTruc = tx.version === TRUC_VERSION;
  for (const ancestor of ancestors) {
    if ((ancestor.tx.version === TRUC_VERSION) === isTruc) continue;
    const [self, other] = isTruc ? ['version=3', 'non-version=3'] : ['non-version=3', 'version=3'];
    return { debug: `${self} tx ${name(tx)} cannot spend from ${other} tx ${name(ancestor.tx)}` };
  }
  if (!isTruc) return undefined;

  if (vsize > TRUC_MAX_VSIZE) {
    return { debug: `version=3 tx ${name(tx)} is too big: ${vsize} > ${TRUC_MAX_VSIZE} virtual bytes` };
  }
  if (ancestors.size + 1 > TRUC_ANCESTOR_LIMIT) return { debug: `tx ${name(tx)} would have too many ancestors` };
  const [parent] = ancestors;
  if (!parent) return undefined;
  if (vsize > TRUC_CHILD_MAX_VSIZE) {
    return { debug: `version=3 child tx ${name(tx)} is too big: ${vsize} > ${TRUC_CHILD_MAX_VSIZE} virtual bytes` };
  }
  return descendantViolation(parent, conflicts);
}

/**
 * Returns how a transaction of a package violates the TRUC rules, as Core's debug message (Core: PackageTRUCChecks).
 * `ancestors` are in the mempool, `others` are the other transactions of the package.
 */
export function packageTrucViolation(
  tx: Transaction,
  vsize: number,
  ancestors: ReadonlySet<MutableEntry>,
  others: readonly Transaction[],
): string | undefined {
  const packageParents = others.filter((other) => spends(tx, other));
  const isTruc = tx.version === TRUC_VERSION;
  const parents = [...[...ancestors].map((entry) => entry.tx), ...packageParents];
  if (!isTruc) {
    const parent = parents.find(({ version }) => version === TRUC_VERSION);
    return parent && `non-version=3 tx ${name(tx)} cannot spend from version=3 tx ${name(parent)}`;
  }
  if (parents.length + 1 > TRUC_ANCESTOR_LIMIT) return `tx ${name(tx)} would have too many ancestors`;
  const [parent] = parents;
  if (!parent) return undefined;
  if (vsize > TRUC_CHILD_MAX_VSIZE) {
    return `version=3 child tx ${name(tx)} is too big: ${vsize} > ${TRUC_CHILD_MAX_VSIZE} virtual bytes`;
  }
  if (parent.version !== TRUC_VERSION) {
    return `version=3 tx ${name(tx)} cannot spend from non-version=3 tx ${name(parent)}`;
  }
  for (const other of others) {
    if (spends(other, parent)) return `tx ${name(parent)} would exceed descendant count limit`;
    if (spends(other, tx)) return `tx ${name(other)} would have too many ancestors`;
  }
  const [entry] = ancestors;
  return entry && entry.descendantCount > 1 ? `tx ${name(parent)} would exceed descendant count limit` : undefined;
}

function spends(child: Transaction, parent: Transaction): boolean {
  return child.inputs.some(({ prevout }) => equalBytes(prevout.txid, parent.txid));
}

function descendantViolation(parent: MutableEntry, conflicts: ReadonlySet<MutableEntry>): TrucViolation | undefined {
  // A child that is being replaced does not count.
  for (const child of parent.children) if (conflicts.has(child)) return undefined;
  if (parent.descendantCount + 1 <= TRUC_DESCENDANT_LIMIT) return undefined;
  const debug = `tx ${name(parent.tx)} would exceed descendant count limit`;
  const [sibling] = parent.children;
  // After a reorganisation there may be more relatives; then no sibling is evicted.
  if (!sibling || parent.descendantCount !== 2 || sibling.ancestorCount !== 2) return { debug };
  return { debug, sibling };
}

function name(tx: Transaction): string {
  return `${tx.txidHex} (wtxid=${tx.wtxidHex})`;
}
