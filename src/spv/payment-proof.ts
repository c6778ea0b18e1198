import { DecodeError } from '../bytes/errors.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import type { Block } from '../primitives/block.ts';
import { Transaction } from '../primitives/transaction.ts';
import { type MerkleProof, merkleProof } from '../proofs/merkle-proof.ts';
import { MAX_TREE_DEPTH } from '../proofs/merkle-tree.ts';

/** Proves that a block contains a transaction. Verified with `verifyTransactionProof`. */
export interface PaymentProof {
  /** 32 bytes, internal order. */
  readonly blockHash: Uint8Array;
  readonly height: number;
  readonly proof: MerkleProof;
  /** The coinbase without its witness, and its proof: it proves the tree's depth. Absent if no peer sent it. */
  readonly coinbase?: { readonly transaction: Transaction; readonly proof: MerkleProof };
}

/** Returns the proofs of the transactions at `positions` of a block, in that order. */
export function paymentProofs(block: Block, height: number, positions: readonly number[]): PaymentProof[] {
  const txids = block.transactions.map(({ txid }) => txid);
  const coinbase = { transaction: block.transactions[0]!, proof: merkleProof(txids, 0) };
  return positions.map((position) => ({
    ...{ blockHash: block.hash, height, coinbase },
    proof: merkleProof(txids, position),
  }));
}

/** Encodes a proof for the store: height (u32 little-endian), block hash, proof, coinbase with proof if known. */
export function encodePaymentProof({ blockHash, height, proof, coinbase }: PaymentProof): Uint8Array {
  const writer = new ByteWriter(256).u32(height).bytes(blockHash);
  writeProof(writer, proof);
  if (coinbase) {
    writer.varBytes(coinbase.transaction.encodeStripped());
    writeProof(writer, coinbase.proof);
  }
  return writer.finish();
}

/** Decodes the format of `encodePaymentProof`. Throws `DecodeError`. */
export function decodePaymentProof(bytes: Uint8Array): PaymentProof {
  const reader = new ByteReader(bytes);
  const height = reader.u32();
  const blockHash = reader.hash();
  const proof = readProof(reader);
  if (reader.remaining === 0) return { blockHash, height, proof };
  const transaction = Transaction.decode(reader.varBytes());
  const coinbase = { transaction, proof: readProof(reader) };
  reader.end();
  return { blockHash, height, proof, coinbase };
}

function writeProof(writer: ByteWriter, { position, branch }: MerkleProof): void {
  writer.u32(position).list(branch, (w, hash) => w.bytes(hash));
}

function readProof(reader: ByteReader): MerkleProof {
  const position = reader.u32();
  const branch = reader.list((r) => r.hash());
  if (branch.length > MAX_TREE_DEPTH)
    throw new DecodeError('invalid', reader.offset, `merkle branch of ${branch.length} hashes`);
  return { position, branch };
}
