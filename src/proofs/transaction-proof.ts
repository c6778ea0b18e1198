import { equalBytes } from '../bytes/compare.ts';
import type { BlockHeader } from '../primitives/header.ts';
import type { Transaction } from '../primitives/transaction.ts';
import { ProofError, type ProofErrorCode } from './errors.ts';
import { type MerkleProof, merkleProofRoot } from './merkle-proof.ts';

/** A proof that a block contains a transaction. */
export interface TransactionProof {
  /** The header of the block; the caller checks that it is on the best chain. */
  readonly header: Pick<BlockHeader, 'merkleRoot'>;
  readonly transaction: Transaction;
  readonly proof: MerkleProof;
  /** The coinbase of the block with its proof, which proves the depth of the tree. */
  readonly coinbase?: { readonly transaction: Transaction; readonly proof: MerkleProof };
}

/** The reason why a transaction proof is invalid. */
export type TransactionProofFlaw =
  | ProofErrorCode // the merkle proof is invalid
  | 'size-of-inner-node' // 64 bytes: the transaction may be an inner node
  | 'wrong-coinbase' // a first transaction that is not a coinbase, or a coinbase that is not first
  | 'wrong-depth'; // the coinbase is at another depth, so one of the two is not a leaf

/**
 * The result of `verifyTransactionProof`. A flaw may be that of either transaction: the proof is invalid as a whole.
 */
export type TransactionProofResult =
  | {
      readonly valid: true;
      /** The position of the transaction in the block, from 0. */
      readonly position: number;
      /**
       * Whether the coinbase proves the depth of the tree. If not, a crafted 64-byte transaction in this block may have
       * been used to forge the proof (CVE-2017-12842).
       */
      readonly depthProved: boolean;
    }
  | { readonly valid: false; readonly flaw: TransactionProofFlaw };

/** Bytes of an inner node: two hashes. A transaction of this size can pass for one. */
const INNER_NODE_SIZE = 64;

/**
 * Verifies that a block contains a transaction: its inputs and outputs, but not its witness, which the txid does not
 * commit to.
 *
 * A merkle tree does not tell leaves from inner nodes (CVE-2017-12842). An inner node can pass for a transaction of 64
 * bytes, so these are rejected. Conversely, a mined transaction of 64 bytes can pass for an inner node whose right hash
 * is the txid of a transaction that was never mined; the branch of that txid is one level too long. All leaves have the
 * same depth, so a proof of the coinbase reveals this. The branch of the coinbase itself cannot be extended in this
 * way: the first 32 bytes of a coinbase are almost all zeros and would have to be a txid.
 *
 * @example
 * ```ts
 * import { regtest } from 'pier/consensus';
 * import { merkleProof, verifyTransactionProof } from 'pier/proofs';
 *
 * const { header, transactions } = regtest.genesis;
 * const transaction = transactions[0]!;
 * const proof = merkleProof([transaction.txid], 0);
 * // The coinbase with its own proof shows how deep the tree is.
 * const result = verifyTransactionProof({ header, transaction, proof, coinbase: { transaction, proof } });
 * console.log(result.valid && result.depthProved); // true
 * ```
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

/** Returns the flaw of a single proof. */
function leafFlaw(
  header: TransactionProof['header'],
  transaction: Transaction,
  proof: MerkleProof,
): TransactionProofFlaw | undefined {
  if (transaction.strippedSize === INNER_NODE_SIZE) return 'size-of-inner-node';
  if (transaction.isCoinbase !== (proof.position === 0)) return 'wrong-coinbase';
  try {
    return equalBytes(merkleProofRoot(transaction.txid, proof), header.merkleRoot) ? undefined : 'wrong-root';
  } catch (error) {
    if (error instanceof ProofError) return error.code;
    throw error;
  }
}
