import { equalBytes } from '../bytes/compare.ts';
import { sha256d } from '../crypto/hash.ts';
import type { Block } from '../primitives/block.ts';

export interface MerkleRoot {
  /** 32 bytes, internal order; zeros for no leaves. */
  readonly root: Uint8Array;
  /**
   * Two equal hashes stand beside each other: another list, with its end repeated, has the same root, so the list may
   * be a forgery of a valid one (CVE-2012-2459).
   */
  readonly mutated: boolean;
}

/** The root of a Bitcoin merkle tree, where a level of odd length repeats its last hash. */
export function merkleRoot(leaves: readonly Uint8Array[]): MerkleRoot {
  if (leaves.length === 0) return { root: new Uint8Array(32), mutated: false };
  let level = leaves;
  let mutated = false;
  const pair = new Uint8Array(64);
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
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

/** The root over the txids, as the header must have it. */
export function blockMerkleRoot(block: Pick<Block, 'transactions'>): MerkleRoot {
  return merkleRoot(block.transactions.map((tx) => tx.txid));
}

/** The root over the wtxids, with zeros for the coinbase, which holds the commitment to it (BIP141). */
export function witnessMerkleRoot(block: Pick<Block, 'transactions'>): Uint8Array {
  return merkleRoot(block.transactions.map((tx, i) => (i === 0 ? new Uint8Array(32) : tx.wtxid))).root;
}
