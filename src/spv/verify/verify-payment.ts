import { equalBytes } from '../../bytes/compare.ts';
import { toReversedHex } from '../../bytes/hex.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import type { MerkleProof } from '../../proofs/merkle-proof.ts';
import { parentHash } from '../../proofs/merkle-tree.ts';
import { type TransactionProofFlaw, verifyTransactionProof } from '../../proofs/transaction-proof.ts';
import type { ChainFlaw } from './proof-chain.ts';
import type { VerifiedChain, VerifiedHeader } from './verified-chain.ts';

// Also runs in a browser: no network, no files.

/** The claim that the block at a height contains a transaction, with its proof. */
export interface PaymentClaim {
  /** With or without its witness; nothing is proved about the witness. */
  readonly transaction: Transaction;
  readonly height: number;
  readonly proof: MerkleProof;
  /** The coinbase with its proof, which proves the depth of the merkle tree (CVE-2017-12842). */
  readonly coinbase?: { readonly transaction: Transaction; readonly proof: MerkleProof };
}

/** One step up the merkle tree. */
export interface PathStep {
  /** 32 bytes, internal order; equal to the node itself if the node is the last one of an odd level. */
  readonly sibling: Uint8Array;
  /** The side of the sibling. */
  readonly side: 'left' | 'right';
  /** Hash of the two: the node of the next step, or the merkle root. 32 bytes, internal order. */
  readonly parent: Uint8Array;
}

/** A fact that the proof establishes. */
export type Proved =
  | 'transaction-in-block' // the block header commits to the transaction
  | 'proof-of-work' // the headers have the required difficulty and proof of work
  | 'tree-depth'; // the transaction is a leaf of the merkle tree, as deep as the coinbase

/** A fact that the proof does not establish. */
export type NotProved =
  | 'validity' // the transaction is valid: inferred only from the miners' work
  | 'best-chain' // no other chain has more work
  | 'unspent' // its outputs are unspent
  | 'witness' // its signatures: the txid does not commit to the witness
  | 'tree-depth' // the transaction is a leaf, and not forged below one (CVE-2017-12842)
  | 'chain-start' // the headers before the first one are valid
  | 'block-signature'; // on a signet: the block is signed for the challenge (BIP325)

/** An accepted payment proof. */
export interface VerifiedPayment {
  readonly verified: true;
  readonly transaction: Transaction;
  /** Index of the transaction in the block. */
  readonly position: number;
  /** From the transaction to the merkle root; empty if the block contains no other transaction. */
  readonly path: readonly PathStep[];
  readonly block: VerifiedHeader;
  readonly tip: VerifiedHeader;
  /** Number of blocks from the transaction's block to the tip, both included. */
  readonly confirmations: number;
  /** Expected hashes of the blocks above the transaction's block. */
  readonly workOnTop: bigint;
  readonly proved: readonly Proved[];
  readonly notProved: readonly NotProved[];
}

/** Why a payment proof is rejected. */
export type PaymentFlaw =
  | ChainFlaw
  | TransactionProofFlaw
  | 'other-network' // the proof is for another network than the verifier's
  | 'other-transaction' // the proof is for another transaction than the expected one
  | 'no-such-block'; // no header has the claimed height

/** A rejected payment proof. */
export interface RefusedPayment {
  readonly verified: false;
  readonly flaw: PaymentFlaw;
  /** The flaw in words, with details in brackets. */
  readonly reason: string;
}

/** Result of `verifyPayment`. */
export type PaymentVerdict = VerifiedPayment | RefusedPayment;

/**
 * Verifies that a block of `chain` contains the claimed transaction. `txid` (32 bytes, internal order) is the expected
 * transaction, if any. Throws nothing: a wrong claim gives a `RefusedPayment`.
 */
export function verifyPayment(chain: VerifiedChain, claim: PaymentClaim, txid?: Uint8Array): PaymentVerdict {
  const { transaction, height, proof, coinbase } = claim;
  if (txid && !equalBytes(txid, transaction.txid)) {
    return refused('other-transaction', transaction.txidHex);
  }
  const { tip } = chain;
  const block = chain.atHeight(height);
  if (!block) return refused('no-such-block', `height ${height}; the last header has ${tip.height}`);
  const result = verifyTransactionProof({
    ...{ header: block.header, transaction, proof },
    ...(coinbase && { coinbase }),
  });
  if (!result.valid) return refused(result.flaw, `block ${toReversedHex(block.hash)}`);
  const { position, depthProved } = result;
  const { signetChallenge } = chain.params;
  return {
    verified: true,
    ...{ transaction, position, path: pathOf(transaction.txid, proof), block, tip },
    confirmations: tip.height - block.height + 1,
    workOnTop: tip.chainwork - block.chainwork,
    proved: ['transaction-in-block', 'proof-of-work', ...(depthProved ? (['tree-depth'] as const) : [])],
    notProved: [
      'validity',
      'best-chain',
      'unspent',
      'witness',
      ...(depthProved ? [] : (['tree-depth'] as const)),
      ...(chain.firstHeight ? (['chain-start'] as const) : []),
      ...(signetChallenge ? (['block-signature'] as const) : []),
    ],
  };
}

/** Returns the steps of a valid proof. */
function pathOf(txid: Uint8Array, { position, branch }: MerkleProof): PathStep[] {
  let node = txid;
  let at = position;
  return branch.map((sibling) => {
    const isRight = (at & 1) === 1;
    node = isRight ? parentHash(sibling, node) : parentHash(node, sibling);
    at >>>= 1;
    return { sibling, side: isRight ? 'left' : 'right', parent: node };
  });
}

/** Descriptions of the flaws. Omits flaws of partial merkle trees, which no claim contains. */
const reasons: Partial<Record<PaymentFlaw, string>> = {
  'no-headers': 'there are no headers, or the last one is cut off',
  'wrong-genesis': "the first header is not the network's genesis block",
  'unknown-start': 'the headers do not start at genesis, and no checkpoint is given for a start at this height',
  'not-linked': 'the headers are not linked',
  'invalid-header': 'a header is invalid',
  'other-chain': "the checkpoint's block is not among the headers",
  'too-little-work': "the headers have less than the network's minimum chain work",
  'other-network': 'the proof is for another network',
  'other-transaction': 'the proof is for another transaction',
  'no-such-block': 'the claimed block is not among the headers',
  'wrong-root': "the merkle branch does not lead from the transaction to the block's merkle root",
  'wrong-position': 'the position does not fit the length of the merkle branch',
  'equal-siblings': 'the position is that of a duplicated hash (CVE-2012-2459)',
  'size-of-inner-node': 'a transaction of 64 bytes may be an inner node of the merkle tree (CVE-2017-12842)',
  'wrong-coinbase': "the block's first transaction must be the coinbase, and no other may be one",
  'wrong-depth': 'the transaction and the coinbase are at different depths: the transaction is not in the block',
};

/** Returns a rejection with the flaw in words, followed by `detail` in brackets. */
export function refused(flaw: PaymentFlaw, detail: string): RefusedPayment {
  return { verified: false, flaw, reason: `${reasons[flaw] ?? 'the merkle branch is invalid'} (${detail})` };
}
