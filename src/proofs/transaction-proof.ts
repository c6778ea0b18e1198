import { equalBytes } from '../bytes/compare.ts';
import type { BlockHeader } from '../primitives/header.ts';
import type { Transaction } from '../primitives/transaction.ts';
import { ProofError, type ProofErrorCode } from './errors.ts';
import { type MerkleProof, rootOf } from './merkle-proof.ts';

export interface TransactionProof {
  /** Of a block that is known to be of the best chain: that is not judged here. */
  readonly header: Pick<BlockHeader, 'merkleRoot'>;
  readonly transaction: Transaction;
  readonly proof: MerkleProof;
  /** The block's first transaction with its proof, which shows how deep the tree is. */
  readonly coinbase?: { readonly transaction: Transaction; readonly proof: MerkleProof };
}

export type TransactionProofFlaw =
  | ProofErrorCode // a proof that leads nowhere, or to another root
  | 'size-of-inner-node' // 64 bytes: what is called a transaction may be two hashes
  | 'wrong-coinbase' // a first transaction that is no coinbase, or a coinbase that is not the first
  | 'wrong-depth'; // the coinbase is at another depth: one of the two is no leaf

/** Which of the two transactions a proof is wrong for does not matter: neither is to be believed. */
export type TransactionProofResult =
  | {
      readonly valid: true;
      /** The transaction's place in the block. */
      readonly position: number;
      /**
       * Whether a coinbase has shown the tree's depth. Without that, whoever has ground out a transaction of 64 bytes and
       * got it into this block may have made the proof (CVE-2017-12842).
       */
      readonly depthProved: boolean;
    }
  | { readonly valid: false; readonly flaw: TransactionProofFlaw };

/** A transaction of this size looks like the two hashes that an inner node is made of. */
const INNER_NODE_SIZE = 64;

/**
 * Whether a block holds the transaction: inputs and outputs, not the witness, which a txid does not cover.
 *
 * A merkle tree does not say which of its hashes are leaves. An inner node, two hashes, may be read as a transaction of
 * 64 bytes: those are refused. And a transaction of 64 bytes in the block may be read as an inner node whose right hash is
 * the txid of one that was never mined: its proof is one longer than those of the block's transactions. All leaves are
 * at one depth, so a proof of the coinbase shows that, and the coinbase's cannot be lengthened in the same way, as its
 * first 32 bytes, next to all zeros, would have to be a txid.
 */
export function verifyTransactionProof({
  header,
  transaction,
  proof,
  coinbase,
}: TransactionProof): TransactionProofResult {
  const flaw = leafFlaw(header, transaction, proof) ?? (coinbase && coinbaseFlaw(header, proof, coinbase));
  if (flaw) return { valid: false, flaw };
  return {
    valid: true,
    position: proof.position,
    depthProved: coinbase !== undefined || transaction.isCoinbase,
  };
}

function coinbaseFlaw(
  header: TransactionProof['header'],
  proof: MerkleProof,
  coinbase: NonNullable<TransactionProof['coinbase']>,
): TransactionProofFlaw | undefined {
  if (!coinbase.transaction.isCoinbase) return 'wrong-coinbase';
  const flaw = leafFlaw(header, coinbase.transaction, coinbase.proof);
  if (flaw) return flaw;
  return coinbase.proof.branch.length === proof.branch.length ? undefined : 'wrong-depth';
}

/** What is wrong with one proof by itself. */
function leafFlaw(
  header: TransactionProof['header'],
  transaction: Transaction,
  proof: MerkleProof,
): TransactionProofFlaw | undefined {
  if (transaction.strippedSize === INNER_NODE_SIZE) return 'size-of-inner-node';
  if (transaction.isCoinbase !== (proof.position === 0)) return 'wrong-coinbase';
  try {
    return equalBytes(rootOf(transaction.txid, proof), header.merkleRoot) ? undefined : 'wrong-root';
  } catch (error) {
    if (error instanceof ProofError) return error.code;
    throw error;
  }
}
