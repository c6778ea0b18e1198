import { equalBytes } from '../../../bytes/compare.ts';
import { fromHex, toReversedHex } from '../../../bytes/hex.ts';
import { BlockHeader } from '../../../primitives/header.ts';
import { MerkleBlock } from '../../../proofs/merkle-block.ts';
import { levelWidth, parentHash, treeDepth } from '../../../proofs/merkle-tree.ts';

/** A proof that a block contains a transaction: what every node's answer is read as. */
export interface BlockProof {
  readonly header: BlockHeader;
  /** Internal order. */
  readonly txid: Uint8Array;
  readonly position: number;
  /** The sibling of each node from the leaf up; the node's own hash if it has no sibling. Internal order. */
  readonly branch: readonly Uint8Array[];
  /** Transactions of the block as the node says it; undefined if it does not. */
  readonly count: number | undefined;
}

/** One concatenation of two hashes, and the hash of it. All in internal order. */
export interface MerkleStep {
  /** Height of the two nodes, 0 for the leaves. */
  readonly height: number;
  readonly left: Uint8Array;
  readonly right: Uint8Array;
  readonly parent: Uint8Array;
  /** Which of the two the path comes from. */
  readonly own: 'left' | 'right';
  /** Position of the path's node at this height. */
  readonly position: number;
  /** Whether the node stands alone, and is hashed with itself. */
  readonly isAlone: boolean;
}

/** Reads the answer of `gettxoutproof`. Throws `DecodeError` or `ProofError` if it is none for this transaction. */
export function readMerkleBlock(hex: string, txid: string): BlockProof {
  const block = MerkleBlock.decode(fromHex(hex));
  const tree = block.extract();
  const match = tree.matches.find((each) => toReversedHex(each.txid) === txid);
  if (!match) throw new Error(`the proof is not of ${txid}`);
  const { position } = match;
  const { branch } = tree.proofOf(position)!;
  return { header: block.header, txid: match.txid, position, branch, count: block.tree.transactionCount };
}

/** What is read of the answer of `getpaymentproof`. */
export interface PaymentProofResult {
  readonly txid: string;
  readonly position: number;
  readonly branch: readonly string[];
}

/** Reads the answer of `getpaymentproof`, with the block's header in hex. */
export function readPaymentProof({ txid, position, branch }: PaymentProofResult, header: string): BlockProof {
  const internal = (hash: string) => fromHex(hash).reverse();
  return {
    header: BlockHeader.decode(fromHex(header)),
    ...{ txid: internal(txid), position, branch: branch.map(internal), count: undefined },
  };
}

/** Returns the proof with one bit of another hash: of the first sibling, or of the transaction if it has none. */
export function spoilProof(proof: BlockProof): BlockProof {
  const spoil = (hash: Uint8Array) => hash.map((byte, i) => (i === 0 ? byte ^ 1 : byte));
  const [first, ...others] = proof.branch;
  return first ? { ...proof, branch: [spoil(first), ...others] } : { ...proof, txid: spoil(proof.txid) };
}

/** Computes the hashes of the path, from the leaf to the root. */
export function merkleSteps({ txid, position, branch }: BlockProof): MerkleStep[] {
  const steps: MerkleStep[] = [];
  let node = txid;
  for (const [height, sibling] of branch.entries()) {
    const at = position >>> height;
    const own = (at & 1) === 0 ? 'left' : 'right';
    const [left, right] = own === 'left' ? [node, sibling] : [sibling, node];
    const parent = parentHash(left, right);
    steps.push({ height, left, right, parent, own, position: at, isAlone: equalBytes(left, right) });
    node = parent;
  }
  return steps;
}

/** Returns the root that a proof leads to: internal order. */
export function rootOf(proof: BlockProof): Uint8Array {
  return merkleSteps(proof).at(-1)?.parent ?? proof.txid;
}

/** A node of the drawing. */
export interface DrawnNode {
  readonly height: number;
  readonly position: number;
  /** From 0 to 1, of the width. */
  readonly x: number;
  /** `path`: computed; `sibling`: in the proof; `other`: not needed. */
  readonly kind: 'path' | 'sibling' | 'other';
  /** Undefined for a node that the proof does not have. */
  readonly hash: Uint8Array | undefined;
}

/** A merkle tree, or as much of it as a proof needs. */
export interface DrawnTree {
  readonly depth: number;
  readonly isWhole: boolean;
  readonly nodes: readonly DrawnNode[];
  readonly edges: readonly { readonly from: DrawnNode; readonly to: DrawnNode; readonly isLit: boolean }[];
}

/** Leaves of the largest tree that is drawn whole. */
export const MAX_WHOLE = 12;

/** Lays out the tree of a proof: whole if it is small, else the path with its siblings, which stands upright. */
export function layOutProof(proof: BlockProof): DrawnTree {
  const steps = merkleSteps(proof);
  const depth = steps.length;
  const root = rootOf(proof);
  const own = (height: number) => (height === 0 ? proof.txid : steps[height - 1]!.parent);
  const isWhole = proof.count !== undefined && proof.count <= MAX_WHOLE && treeDepth(proof.count) === depth;
  const nodes: DrawnNode[] = [];
  if (isWhole) {
    const width = levelWidth(proof.count!, 0);
    // A node stands between its children: above one that stands alone, straight.
    const middle = (height: number, at: number): number => {
      if (height === 0) return (at + 0.5) / width;
      const [left, right] = [2 * at, Math.min(2 * at + 1, levelWidth(proof.count!, height - 1) - 1)];
      return (middle(height - 1, left) + middle(height - 1, right)) / 2;
    };
    for (let height = 0; height <= depth; height++) {
      for (let position = 0; position < levelWidth(proof.count!, height); position++) {
        const at = proof.position >>> height;
        const kind = position === at ? 'path' : height < depth && position === (at ^ 1) ? 'sibling' : 'other';
        const hash = kind === 'path' ? own(height) : kind === 'sibling' ? proof.branch[height] : undefined;
        nodes.push({ height, position, x: middle(height, position), kind, hash });
      }
    }
  } else {
    for (const { height, position, own: side, isAlone } of steps) {
      nodes.push({ height, position, x: 0.5, kind: 'path', hash: own(height) });
      if (isAlone) continue;
      const x = side === 'left' ? 0.82 : 0.18;
      nodes.push({ height, position: position ^ 1, x, kind: 'sibling', hash: proof.branch[height] });
    }
    nodes.push({ height: depth, position: 0, x: 0.5, kind: 'path', hash: root });
  }
  const byPlace = new Map(nodes.map((node) => [`${node.height} ${node.position}`, node]));
  const edges = nodes.flatMap((from) => {
    const to = byPlace.get(`${from.height + 1} ${from.position >>> 1}`);
    return to ? [{ from, to, isLit: from.kind === 'path' }] : [];
  });
  return { depth, isWhole, nodes, edges };
}
