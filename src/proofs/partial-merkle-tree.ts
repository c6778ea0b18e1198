import { equalBytes } from '../bytes/compare.ts';
import type { ByteReader } from '../bytes/reader.ts';
import type { ByteWriter } from '../bytes/writer.ts';
import { ProofError } from './errors.ts';
import { branchOf, type MerkleProof } from './merkle-proof.ts';
import { levelWidth, MAX_BLOCK_TRANSACTIONS, merkleLevels, parentHash, treeDepth } from './merkle-tree.ts';

export interface MatchedLeaf {
  /** 32 bytes, internal order. */
  readonly txid: Uint8Array;
  /** The transaction's place in the block, from 0. */
  readonly position: number;
}

/** What a partial merkle tree shows. */
export interface ExtractedTree {
  /** To be compared with the header's. */
  readonly root: Uint8Array;
  /** In the order of the block. */
  readonly matches: readonly MatchedLeaf[];
  /** The proof of one match; undefined for a position that is none. */
  proofOf(position: number): MerkleProof | undefined;
}

/**
 * BIP37: the part of a block's merkle tree that leads to some of its transactions (Core: CPartialMerkleTree). The nodes
 * are visited from the root down, left before right. A bit says of each whether a match lies below; where none does, and
 * for leaves, there is a hash instead of the nodes below.
 */
export class PartialMerkleTree {
  /** Leaves of the whole tree, as the sender says: no hash commits to it. */
  readonly transactionCount: number;
  /** 32 bytes each, internal order. */
  readonly hashes: readonly Uint8Array[];
  /** The bits, eight a byte, the first in the lowest place. */
  readonly flags: Uint8Array;

  constructor(transactionCount: number, hashes: readonly Uint8Array[], flags: Uint8Array) {
    this.transactionCount = transactionCount;
    this.hashes = hashes;
    this.flags = flags;
  }

  /** Of a block's txids, all in their order, and whether each is to be shown. */
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

  /** Reads any tree, also one that shows nothing; throws `DecodeError`. */
  static read(reader: ByteReader): PartialMerkleTree {
    const transactionCount = reader.u32();
    const hashes = reader.list((r) => r.hash());
    return new PartialMerkleTree(transactionCount, hashes, reader.varBytes());
  }

  write(writer: ByteWriter): void {
    writer
      .u32(this.transactionCount)
      .list(this.hashes, (w, hash) => w.bytes(hash))
      .varBytes(this.flags);
  }

  /**
   * The matches and the root that they lead to. Throws `ProofError` unless the tree is just what it takes: no more
   * transactions than a block has room for, every bit (but for what fills the last byte) and every hash used, and no two
   * equal hashes beside each other. Visits no more nodes than there are bits.
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
      if (bitsUsed === 8 * this.flags.length) throw new ProofError('bits-exhausted', 'a node without a bit');
      const leads = this.#bit(bitsUsed++);
      const hash = height === 0 || !leads ? take() : join(height - 1, 2 * at);
      nodes[height]!.set(at, hash);
      if (height === 0 && leads) matches.push({ txid: hash, position: at });
      return hash;
    };
    const take = (): Uint8Array => {
      const hash = hashes[hashesUsed++];
      if (!hash) throw new ProofError('hashes-exhausted', 'a node without a hash');
      return hash;
    };
    const join = (height: number, at: number): Uint8Array => {
      const left = visit(height, at);
      if (at + 1 >= levelWidth(transactionCount, height)) return parentHash(left, left);
      const right = visit(height, at + 1);
      if (equalBytes(left, right)) throw new ProofError('equal-siblings', `equal hashes at height ${height}`);
      return parentHash(left, right);
    };

    const root = visit(depth, 0);
    if (Math.ceil(bitsUsed / 8) !== this.flags.length) throw new ProofError('unused-bits', 'bits of no node');
    if (hashesUsed !== hashes.length) throw new ProofError('unused-hashes', 'hashes of no node');
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
