import { MAX_BLOCK_WEIGHT } from '../consensus/limits.ts';
import { sha256d } from '../crypto/hash.ts';
import { WITNESS_SCALE_FACTOR } from '../primitives/transaction.ts';

/** Weight units of the smallest possible transaction: 60 bytes (Core: MIN_TRANSACTION_WEIGHT). */
const MIN_TRANSACTION_WEIGHT = WITNESS_SCALE_FACTOR * 60;

/** Transactions a block may have. */
export const MAX_BLOCK_TRANSACTIONS = Math.floor(MAX_BLOCK_WEIGHT / MIN_TRANSACTION_WEIGHT);

/** Returns the hash of the parent of two nodes: 32 bytes, internal order. */
export function parentHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  const pair = new Uint8Array(64);
  pair.set(left);
  pair.set(right, 32);
  return sha256d(pair);
}

/** Returns the number of nodes at `height` (0 for the leaves) in a tree of `count` leaves. */
export function levelWidth(count: number, height: number): number {
  return Math.ceil(count / 2 ** height);
}

/** Returns the depth of a tree of `count` leaves: 0 for a single leaf. */
export function treeDepth(count: number): number {
  let height = 0;
  while (levelWidth(count, height) > 1) height++;
  return height;
}

/** The depth of the deepest tree that a block may have. */
export const MAX_TREE_DEPTH = treeDepth(MAX_BLOCK_TRANSACTIONS);

/** Returns all levels of the tree, from the leaves to the root. Requires at least one leaf. */
export function merkleLevels(leaves: readonly Uint8Array[]): readonly (readonly Uint8Array[])[] {
  const levels = [leaves];
  for (let level = leaves; level.length > 1; ) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) above.push(parentHash(level[i]!, level[i + 1] ?? level[i]!));
    levels.push(above);
    level = above;
  }
  return levels;
}
