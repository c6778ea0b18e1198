import { equalBytes } from '../bytes/compare.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import type { Block } from '../primitives/block.ts';
import { BlockHeader } from '../primitives/header.ts';
import { ProofError } from './errors.ts';
import { type ExtractedTree, PartialMerkleTree } from './partial-merkle-tree.ts';

/** BIP37: a header, and the part of the block's merkle tree that leads to some transactions (Core: CMerkleBlock). */
export class MerkleBlock {
  readonly header: BlockHeader;
  readonly tree: PartialMerkleTree;

  constructor(header: BlockHeader, tree: PartialMerkleTree) {
    this.header = header;
    this.tree = tree;
  }

  /** Shows the transactions of which `matches` says so, in their order. */
  static of(block: Pick<Block, 'header' | 'transactions'>, matches: readonly boolean[]): MerkleBlock {
    const txids = block.transactions.map((tx) => tx.txid);
    return new MerkleBlock(block.header, PartialMerkleTree.of(txids, matches));
  }

  /** Decodes exactly one; throws `DecodeError`. */
  static decode(bytes: Uint8Array): MerkleBlock {
    const reader = new ByteReader(bytes);
    const merkleBlock = MerkleBlock.read(reader);
    reader.end();
    return merkleBlock;
  }

  static read(reader: ByteReader): MerkleBlock {
    const header = BlockHeader.read(reader);
    return new MerkleBlock(header, PartialMerkleTree.read(reader));
  }

  encode(): Uint8Array {
    const writer = new ByteWriter(100 + 32 * this.tree.hashes.length + this.tree.flags.length);
    writer.bytes(this.header.encode());
    this.tree.write(writer);
    return writer.finish();
  }

  /**
   * What the tree shows, under the header's root; throws `ProofError`. Whether the header is of the best chain is not
   * judged here, and neither that a match is a transaction and not an inner node: see `verifyTransactionProof`.
   */
  extract(): ExtractedTree {
    const extracted = this.tree.extract();
    if (!equalBytes(extracted.root, this.header.merkleRoot)) {
      throw new ProofError('wrong-root', "the tree leads to another root than the header's");
    }
    return extracted;
  }
}
