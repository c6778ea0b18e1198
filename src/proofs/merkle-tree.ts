import { MAX_BLOCK_WEIGHT } from '../consensus/limits.ts';
import { sha256d } from '../crypto/hash.ts';
import { WITNESS_SCALE_FACTOR } from '../primitives/transaction.ts';

/** No transaction is smaller than 60 bytes without witness (Core: MIN_TRANSACTION_WEIGHT). */
const MIN_TRANSACTION_WEIGHT = WITNESS_SCALE_FACTOR * 60;

/** No block has room for more transactions than this. */
export const MAX_BLOCK_TRANSACTIONS = Math.floor(MAX_BLOCK_WEIGHT / MIN_TRANSACTION_WEIGHT);

/** The hash of the node above two: 32 bytes, internal order. */
export function parentHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  const pair = new Uint8Array(64);
  pair.set(left);
  pair.set(right, 32);
  return sha256d(pair);
}

/** Nodes of a tree of `count` leaves at `height`, where 0 is that of the leaves. */
export function levelWidth(count: number, height: number): number {
  return Math.ceil(count / 2 ** height);
}

/** Levels between a tree's leaves and its root. */
export function treeDepth(count: number): number {
  let height = 0;
  while (levelWidth(count, height) > 1) height++;
  return height;
}

/** The deepest tree that a block can have. */
export const MAX_TREE_DEPTH = treeDepth(MAX_BLOCK_TRANSACTIONS);

/** All hashes of the tree over at least one leaf: the leaves first, the root last. */
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
