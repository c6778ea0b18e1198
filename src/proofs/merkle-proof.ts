import { equalBytes } from '../bytes/compare.ts';
import { ProofError } from './errors.ts';
import { MAX_TREE_DEPTH, merkleLevels, parentHash } from './merkle-tree.ts';

/**
 * Proves that a hash is in a merkle tree, but not that it is a leaf: for transactions, use `verifyTransactionProof`.
 */
export interface MerkleProof {
  /** The position of the leaf, from 0. */
  readonly position: number;
  /** The sibling of each node from the leaf up (32 bytes, internal order); the node's own hash if it has no sibling. */
  readonly branch: readonly Uint8Array[];
}

/**
 * Builds the proof of the leaf at `position`. Requires `position` below the number of leaves.
 *
 * @example
 * ```ts
 * import { toHex } from 'pier/bytes';
 * import { merkleRoot } from 'pier/consensus';
 * import { merkleProof, merkleProofRoot } from 'pier/proofs';
 *
 * const leaves = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte));
 * const proof = merkleProof(leaves, 2);
 * console.log(proof.branch.length); // 2
 * console.log(toHex(merkleProofRoot(leaves[2]!, proof)) === toHex(merkleRoot(leaves).root)); // true
 * ```
 */
export function merkleProof(leaves: readonly Uint8Array[], position: number): MerkleProof {
  const levels = merkleLevels(leaves);
  return { position, branch: branchOf(position, levels.length - 1, (height, at) => levels[height]![at]) };
}

/** Returns the branch of a leaf, from the node hashes that `hashAt` returns; undefined means that there is no node. */
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
 * Computes the merkle root from a leaf and its proof: 32 bytes, internal order. Throws `ProofError`: `wrong-position`
 * if no block has a tree of this depth or a leaf at this position; `equal-siblings` if the position is that of a
 * duplicate at the end of an odd level, so that each leaf has only one valid position.
 */
export function merkleProofRoot(leaf: Uint8Array, { position, branch }: MerkleProof): Uint8Array {
  const depth = branch.length;
  if (depth > MAX_TREE_DEPTH || !Number.isInteger(position) || position < 0 || position >= 2 ** depth) {
    throw new ProofError('wrong-position', `no block has position ${position} at depth ${depth}`);
  }
  let hash = leaf;
  let at = position;
  for (const sibling of branch) {
    const isRight = (at & 1) === 1;
    if (isRight && equalBytes(sibling, hash)) {
      throw new ProofError('equal-siblings', `position ${position} is that of a duplicate`);
    }
    hash = isRight ? parentHash(sibling, hash) : parentHash(hash, sibling);
    at >>>= 1;
  }
  return hash;
}
