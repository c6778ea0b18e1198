import { equalBytes } from '../bytes/compare.ts';
import { listInSteps } from '../bytes/read-steps.ts';
import type { ByteReader } from '../bytes/reader.ts';
import type { ByteWriter } from '../bytes/writer.ts';
import { atOnce } from '../platform/slices.ts';
import { ProofError } from './errors.ts';
import { branchOf, type MerkleProof } from './merkle-proof.ts';
import { levelWidth, MAX_BLOCK_TRANSACTIONS, merkleLevels, parentHash, treeDepth } from './merkle-tree.ts';

/** A transaction that a partial merkle tree matches. */
export interface MatchedLeaf {
  /** 32 bytes, internal order. */
  readonly txid: Uint8Array;
  /** The position of the transaction in the block, from 0. */
  readonly position: number;
}

/** The content of a partial merkle tree. */
export interface ExtractedTree {
  /** The merkle root: 32 bytes, internal order. The caller compares it with the header's. */
  readonly root: Uint8Array;
  /** The matches in block order. */
  readonly matches: readonly MatchedLeaf[];
  /** Returns the proof of the match at `position`; undefined if there is no match. */
  proofOf(position: number): MerkleProof | undefined;
}

/**
 * The part of a block's merkle tree that proves some of its transactions (BIP37; Core: CPartialMerkleTree). The tree is
 * traversed depth-first from the root, left before right. Each node has a flag bit: whether there is a match below it.
 * A node without one, and a leaf, has a hash; any other node has its children.
 */
export class PartialMerkleTree {
  /** The number of leaves of the whole tree, as the sender claims: no hash commits to it. */
  readonly transactionCount: number;
  /** 32 bytes each, internal order, in traversal order. */
  readonly hashes: readonly Uint8Array[];
  /** The flag bits in traversal order, the lowest bit of each byte first. */
  readonly flags: Uint8Array;

  constructor(transactionCount: number, hashes: readonly Uint8Array[], flags: Uint8Array) {
    this.transactionCount = transactionCount;
    this.hashes = hashes;
    this.flags = flags;
  }

  /** Builds the tree of a block's txids that proves those whose entry in `matches` is true. */
  static of(txids: readonly Uint8Array[], matches: readonly boolean[]): PartialMerkleTree {
    const levels = merkleLevels(txids);
    const matching = [matches];
    for (let height = 1; height < levels.length; height++) {
      const below = matching[height - 1]!;
      matching.push(levels[height]!.map((_, i) => below[2 * i]! || below[2 * i + 1] === true));
    }
    const bits: boolean[] = [];
    const hashes: Uint8Array[] = [];
    const visit = (height: number, at: number): void => {
      const leads = matching[height]![at]!;
      bits.push(leads);
      if (height === 0 || !leads) {
        hashes.push(levels[height]![at]!);
        return;
      }
      visit(height - 1, 2 * at);
      if (2 * at + 1 < levels[height - 1]!.length) visit(height - 1, 2 * at + 1);
    };
    visit(levels.length - 1, 0);
    return new PartialMerkleTree(txids.length, hashes, packBits(bits));
  }

  /** Reads a tree without validating it. Throws `DecodeError`. */
  static read(reader: ByteReader): PartialMerkleTree {
    return atOnce(PartialMerkleTree.readInSteps(reader));
  }

  /** Does what `read` does in steps, each a fraction of a millisecond of work. */
  static *readInSteps(reader: ByteReader): Generator<void, PartialMerkleTree, void> {
    const transactionCount = reader.u32();
    const hashes = yield* listInSteps(reader, (r) => r.hash());
    return new PartialMerkleTree(transactionCount, hashes, reader.varBytes());
  }

  /** Writes the tree. */
  write(writer: ByteWriter): void {
    writer
      .u32(this.transactionCount)
      .list(this.hashes, (w, hash) => w.bytes(hash))
      .varBytes(this.flags);
  }

  /**
   * Validates the tree and returns its root and matches (Core: ExtractMatches). Throws `ProofError` if it has more
   * transactions than fit into a block, bits (except padding) or hashes that no node uses, too few of either, or equal
   * siblings. Visits at most one node per bit.
   */
  extract(): ExtractedTree {
    this.#checkCounts();
    const { hashes, transactionCount } = this;
    const depth = treeDepth(transactionCount);
    const nodes = Array.from({ length: depth + 1 }, () => new Map<number, Uint8Array>());
    const matches: MatchedLeaf[] = [];
    let bitsUsed = 0;
    let hashesUsed = 0;

    const visit = (height: number, at: number): Uint8Array => {
      if (bitsUsed === 8 * this.flags.length) throw new ProofError('bits-exhausted', 'more nodes than bits');
      const leads = this.#bit(bitsUsed++);
      const hash = height === 0 || !leads ? take() : join(height - 1, 2 * at);
      nodes[height]!.set(at, hash);
      if (height === 0 && leads) matches.push({ txid: hash, position: at });
      return hash;
    };
    const take = (): Uint8Array => {
      const hash = hashes[hashesUsed++];
      if (!hash) throw new ProofError('hashes-exhausted', 'more nodes than hashes');
      return hash;
    };
    const join = (height: number, at: number): Uint8Array => {
      const left = visit(height, at);
      if (at + 1 >= levelWidth(transactionCount, height)) return parentHash(left, left);
      const right = visit(height, at + 1);
      if (equalBytes(left, right)) throw new ProofError('equal-siblings', `equal siblings at height ${height}`);
      return parentHash(left, right);
    };

    const root = visit(depth, 0);
    if (Math.ceil(bitsUsed / 8) !== this.flags.length) throw new ProofError('unused-bits', 'bits left after the tree');
    if (hashesUsed !== hashes.length) throw new ProofError('unused-hashes', 'hashes left after the tree');
    const isMatch = new Set(matches.map(({ position }) => position));
    const hashAt = (height: number, at: number) => nodes[height]!.get(at);
    return {
      root,
      matches,
      proofOf: (position) =>
        isMatch.has(position) ? { position, branch: branchOf(position, depth, hashAt) } : undefined,
    };
  }

  #checkCounts(): void {
    const { hashes, transactionCount: count } = this;
    if (count === 0) throw new ProofError('no-transactions', 'a block without transactions');
    if (count > MAX_BLOCK_TRANSACTIONS)
      throw new ProofError('too-many-transactions', `a block of ${count} transactions`);
    if (hashes.length > count)
      throw new ProofError('too-many-hashes', `${hashes.length} hashes for ${count} transactions`);
    if (8 * this.flags.length < hashes.length) throw new ProofError('too-few-bits', 'fewer bits than hashes');
  }

  #bit(index: number): boolean {
    return (this.flags[index >>> 3]! & (1 << (index & 7))) !== 0;
  }
}

function packBits(bits: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  for (const [i, bit] of bits.entries()) if (bit) bytes[i >>> 3]! |= 1 << (i & 7);
  return bytes;
}
