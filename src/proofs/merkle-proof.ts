import { equalBytes } from '../bytes/compare.ts';
import { ProofError } from './errors.ts';
import { MAX_TREE_DEPTH, merkleLevels, parentHash } from './merkle-tree.ts';

/**
 * Shows that a hash stands in a merkle tree. By itself it does not show that the hash is a leaf: for transactions
 * `verifyTransactionProof` does.
 */
export interface MerkleProof {
  /** The leaf's place, from 0. */
  readonly position: number;
  /** From the leaves up, the hash beside each node on the way to the root; its own where the node is alone. */
  readonly branch: readonly Uint8Array[];
}

/** The proof of the leaf at `position`, which must be one of at least one leaves. */
export function merkleProof(leaves: readonly Uint8Array[], position: number): MerkleProof {
  const levels = merkleLevels(leaves);
  return { position, branch: branchOf(position, levels.length - 1, (height, at) => levels[height]![at]) };
}

/** The branch of a leaf in a tree whose nodes `hashAt` knows; where there is none, a node stands alone. */
export function branchOf(
  position: number,
  depth: number,
  hashAt: (height: number, position: number) => Uint8Array | undefined,
): Uint8Array[] {
  const branch: Uint8Array[] = [];
  let at = position;
  for (let height = 0; height < depth; height++) {
    branch.push(hashAt(height, at ^ 1) ?? hashAt(height, at)!);
    at >>>= 1;
  }
  return branch;
}

/**
 * The root to which the proof leads from the leaf. Throws `ProofError`: `wrong-position` where the tree is deeper than
 * any block's, or has no such place; `equal-siblings` where the place is one of those that a hash gets by being repeated
 * at the end of its level, so that each leaf has one position only.
 */
export function rootOf(leaf: Uint8Array, { position, branch }: MerkleProof): Uint8Array {
  const depth = branch.length;
  if (depth > MAX_TREE_DEPTH || !Number.isInteger(position) || position < 0 || position >= 2 ** depth) {
    throw new ProofError('wrong-position', `no block has position ${position} at depth ${depth}`);
  }
  let hash = leaf;
  let at = position;
  for (const sibling of branch) {
    const isRight = (at & 1) === 1;
    if (isRight && equalBytes(sibling, hash)) {
      throw new ProofError('equal-siblings', `position ${position} is a repetition`);
    }
    hash = isRight ? parentHash(sibling, hash) : parentHash(hash, sibling);
    at >>>= 1;
  }
  return hash;
}
