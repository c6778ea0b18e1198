import { binaryKey, compareBytes } from '../../bytes/compare.ts';
import { type PackageRejectKind, type PackageRejectReason, type Reject, reject } from '../../consensus/reject.ts';
import { sha256Parts } from '../../crypto/hash.ts';
import { outPointKey } from '../../primitives/outpoint.ts';
import type { Transaction } from '../../primitives/transaction.ts';

/** Transactions of a package (Core: MAX_PACKAGE_COUNT). */
export const MAX_PACKAGE_COUNT = 25;
/** Weight units of all of them together (Core: MAX_PACKAGE_WEIGHT). */
const MAX_PACKAGE_WEIGHT = 404_000;

/**
 * Why the transactions make no package, whatever they spend: too many, too large, one of them twice, a child before its
 * parent, or two that spend the same (Core: IsWellFormedPackage).
 */
export function checkWellFormedPackage(txs: readonly Transaction[]): Reject<PackageRejectKind> | undefined {
  const fault = (reason: PackageRejectReason) => reject('package-policy' as const, reason);
  if (txs.length > MAX_PACKAGE_COUNT) return fault('package-too-many-transactions');
  let weight = 0;
  for (const tx of txs) weight += tx.weight;
  if (txs.length > 1 && weight > MAX_PACKAGE_WEIGHT) return fault('package-too-large');

  const later = new Set(txs.map(({ txid }) => binaryKey(txid)));
  if (later.size !== txs.length) return fault('package-contains-duplicates');
  for (const { txid, inputs } of txs) {
    if (inputs.some(({ prevout }) => later.has(binaryKey(prevout.txid)))) return fault('package-not-sorted');
    later.delete(binaryKey(txid));
  }

  const spent = new Set<string>();
  for (const { inputs } of txs) {
    // One that spends an output twice is refused for that, later.
    const keys = new Set(inputs.map(({ prevout }) => outPointKey(prevout)));
    if (inputs.length === 0 || [...keys].some((key) => spent.has(key))) return fault('conflict-in-package');
    for (const key of keys) spent.add(key);
  }
  return undefined;
}

/** Whether all but the last are parents of the last (Core: IsChildWithParents). */
export function isChildWithParents(txs: readonly Transaction[]): boolean {
  const child = txs.at(-1);
  if (!child || txs.length < 2) return false;
  const spent = txidsSpent(child);
  return txs.every((tx) => tx === child || spent.has(binaryKey(tx.txid)));
}

/** The same, with no parent that depends on another (Core: IsChildWithParentsTree). */
export function isChildWithParentsTree(txs: readonly Transaction[]): boolean {
  if (!isChildWithParents(txs)) return false;
  const parents = txs.slice(0, -1);
  const txids = new Set(parents.map(({ txid }) => binaryKey(txid)));
  return parents.every((parent) => !parent.inputs.some(({ prevout }) => txids.has(binaryKey(prevout.txid))));
}

function txidsSpent(tx: Transaction): Set<string> {
  return new Set(tx.inputs.map(({ prevout }) => binaryKey(prevout.txid)));
}

/** By which a package is remembered, in whatever order: the hash of its wtxids, sorted as numbers (Core: GetPackageHash). */
export function packageHash(txs: readonly Transaction[]): Uint8Array {
  const reversed = txs.map(({ wtxid }) => wtxid.toReversed()).sort(compareBytes);
  return sha256Parts(reversed.map((wtxid) => wtxid.toReversed()));
}
