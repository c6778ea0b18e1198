import { binaryKey, compareBytes } from '../../bytes/compare.ts';
import { type PackageRejectKind, type PackageRejectReason, type Reject, reject } from '../../consensus/reject.ts';
import { sha256Parts } from '../../crypto/hash.ts';
import { outPointKey } from '../../primitives/outpoint.ts';
import type { Transaction } from '../../primitives/transaction.ts';

/** Transactions in a package at most (Core: MAX_PACKAGE_COUNT). */
export const MAX_PACKAGE_COUNT = 25;
/** Weight units of a package at most (Core: MAX_PACKAGE_WEIGHT). */
const MAX_PACKAGE_WEIGHT = 404_000;

/**
 * Rejects packages with too many or duplicate transactions, conflicts, or a child first (Core: IsWellFormedPackage).
 */
export function checkWellFormedPackage(txs: readonly Transaction[]): Reject<PackageRejectKind> | undefined {
  const fail = (reason: PackageRejectReason) => reject('package-policy' as const, reason);
  if (txs.length > MAX_PACKAGE_COUNT) return fail('package-too-many-transactions');
  let weight = 0;
  for (const tx of txs) weight += tx.weight;
  if (txs.length > 1 && weight > MAX_PACKAGE_WEIGHT) return fail('package-too-large');

  const later = new Set(txs.map(({ txid }) => binaryKey(txid)));
  if (later.size !== txs.length) return fail('package-contains-duplicates');
  for (const { txid, inputs } of txs) {
    if (inputs.some(({ prevout }) => later.has(binaryKey(prevout.txid)))) return fail('package-not-sorted');
    later.delete(binaryKey(txid));
  }

  const spent = new Set<string>();
  for (const { inputs } of txs) {
    // A transaction with duplicate inputs is rejected later, by `checkTransaction`.
    const keys = new Set(inputs.map(({ prevout }) => outPointKey(prevout)));
    if (inputs.length === 0 || [...keys].some((key) => spent.has(key))) return fail('conflict-in-package');
    for (const key of keys) spent.add(key);
  }
  return undefined;
}

/** Returns whether all transactions but the last are parents of the last (Core: IsChildWithParents). */
export function isChildWithParents(txs: readonly Transaction[]): boolean {
  const child = txs.at(-1);
  if (!child || txs.length < 2) return false;
  const spent = txidsSpent(child);
  return txs.every((tx) => tx === child || spent.has(binaryKey(tx.txid)));
}

/** Returns whether, in addition, no parent spends another parent (Core: IsChildWithParentsTree). */
export function isChildWithParentsTree(txs: readonly Transaction[]): boolean {
  if (!isChildWithParents(txs)) return false;
  const parents = txs.slice(0, -1);
  const txids = new Set(parents.map(({ txid }) => binaryKey(txid)));
  return parents.every((parent) => !parent.inputs.some(({ prevout }) => txids.has(binaryKey(prevout.txid))));
}

function txidsSpent(tx: Transaction): Set<string> {
  return new Set(tx.inputs.map(({ prevout }) => binaryKey(prevout.txid)));
}

/** Returns the SHA-256 of the wtxids in numerical order, which identifies a package (Core: GetPackageHash). */
export function packageHash(txs: readonly Transaction[]): Uint8Array {
  const reversed = txs.map(({ wtxid }) => wtxid.toReversed()).sort(compareBytes);
  return sha256Parts(reversed.map((wtxid) => wtxid.toReversed()));
}
