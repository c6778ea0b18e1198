import { equalBytes } from '../bytes/compare.ts';
import { sha256d } from '../crypto/hash.ts';
import { atOnce, ITEMS_PER_STEP } from '../platform/slices.ts';
import type { Block } from '../primitives/block.ts';

/** A merkle root, and whether its leaves may be mutated. */
export interface MerkleRoot {
  /** 32 bytes, internal order; zeros for no leaves. */
  readonly root: Uint8Array;
  /** Whether two siblings are equal: the leaves may be a valid list with its end duplicated (CVE-2012-2459). */
  readonly mutated: boolean;
}

/**
 * Computes the merkle root of leaves (32 bytes, internal order); an odd level repeats its last hash (Core:
 * ComputeMerkleRoot).
 *
 * @example
 * ```ts
 * import { toReversedHex } from 'pier/bytes';
 * import { merkleRoot, regtest } from 'pier/consensus';
 *
 * const { root } = merkleRoot(regtest.genesis.transactions.map(({ txid }) => txid));
 * console.log(toReversedHex(root)); // 4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b
 * ```
 */
export function merkleRoot(leaves: readonly Uint8Array[]): MerkleRoot {
  return atOnce(merkleRootInSteps(leaves));
}

function* merkleRootInSteps(leaves: readonly Uint8Array[]): Generator<void, MerkleRoot> {
  if (leaves.length === 0) return { root: new Uint8Array(32), mutated: false };
  let level = leaves;
  let mutated = false;
  const pair = new Uint8Array(64);
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      if (i % (2 * ITEMS_PER_STEP) === 0) yield;
      const left = level[i]!;
      const right = level[i + 1];
      if (right && equalBytes(left, right)) mutated = true;
      pair.set(left, 0);
      pair.set(right ?? left, 32);
      above.push(sha256d(pair));
    }
    level = above;
  }
  return { root: level[0]!, mutated };
}

/** Computes the merkle root of the txids, which the header commits to (Core: BlockMerkleRoot). */
export function blockMerkleRoot(block: Pick<Block, 'transactions'>): MerkleRoot {
  return atOnce(blockMerkleRootInSteps(block));
}

/** Does what `blockMerkleRoot` does, in steps. */
export function* blockMerkleRootInSteps({ transactions }: Pick<Block, 'transactions'>): Generator<void, MerkleRoot> {
  const leaves: Uint8Array[] = [];
  for (const tx of transactions) {
    if (leaves.length % ITEMS_PER_STEP === 0) yield;
    leaves.push(tx.txid);
  }
  return yield* merkleRootInSteps(leaves);
}

/** Computes the merkle root of the wtxids, with zeros for the coinbase (BIP141; Core: BlockWitnessMerkleRoot). */
export function witnessMerkleRoot(block: Pick<Block, 'transactions'>): Uint8Array {
  return atOnce(witnessMerkleRootInSteps(block));
}

/** Does what `witnessMerkleRoot` does, in steps. */
export function* witnessMerkleRootInSteps({ transactions }: Pick<Block, 'transactions'>): Generator<void, Uint8Array> {
  const leaves: Uint8Array[] = [];
  for (const tx of transactions) {
    if (leaves.length % ITEMS_PER_STEP === 0) yield;
    leaves.push(leaves.length === 0 ? new Uint8Array(32) : tx.wtxid);
  }
  return (yield* merkleRootInSteps(leaves)).root;
}
