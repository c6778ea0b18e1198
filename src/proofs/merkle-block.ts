import { equalBytes } from '../bytes/compare.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { atOnce } from '../platform/slices.ts';
import type { Block } from '../primitives/block.ts';
import { BlockHeader } from '../primitives/header.ts';
import { ProofError } from './errors.ts';
import { type ExtractedTree, PartialMerkleTree } from './partial-merkle-tree.ts';

/** A header with a partial merkle tree of matched transactions (BIP37; Core: CMerkleBlock). */
export class MerkleBlock {
  readonly header: BlockHeader;
  readonly tree: PartialMerkleTree;

  constructor(header: BlockHeader, tree: PartialMerkleTree) {
    this.header = header;
    this.tree = tree;
  }

  /** Builds the merkle block that proves the transactions whose entry in `matches` is true. */
  static of(block: Pick<Block, 'header' | 'transactions'>, matches: readonly boolean[]): MerkleBlock {
    const txids = block.transactions.map((tx) => tx.txid);
    return new MerkleBlock(block.header, PartialMerkleTree.of(txids, matches));
  }

  /** Decodes exactly one merkle block. Throws `DecodeError`. */
  static decode(bytes: Uint8Array): MerkleBlock {
    const reader = new ByteReader(bytes);
    const merkleBlock = MerkleBlock.read(reader);
    reader.end();
    return merkleBlock;
  }

  /** Reads a merkle block. Throws `DecodeError`. */
  static read(reader: ByteReader): MerkleBlock {
    return atOnce(MerkleBlock.readInSteps(reader));
  }

  /** Does what `read` does in steps, each a fraction of a millisecond of work. */
  static *readInSteps(reader: ByteReader): Generator<void, MerkleBlock, void> {
    const header = BlockHeader.read(reader);
    return new MerkleBlock(header, yield* PartialMerkleTree.readInSteps(reader));
  }

  /** Returns the encoding, as in `merkleblock`. */
  encode(): Uint8Array {
    const writer = new ByteWriter(100 + 32 * this.tree.hashes.length + this.tree.flags.length);
    writer.bytes(this.header.encode());
    this.tree.write(writer);
    return writer.finish();
  }

  /**
   * Returns the matches of the tree. Throws `ProofError` if the tree is invalid or its root is not the header's. Does
   * not check that the header is on the best chain, or that a match is a leaf: see `verifyTransactionProof`.
   */
  extract(): ExtractedTree {
    const extracted = this.tree.extract();
    if (!equalBytes(extracted.root, this.header.merkleRoot)) {
      throw new ProofError('wrong-root', 'merkle root mismatch');
    }
    return extracted;
  }
}
