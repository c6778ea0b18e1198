import { equalBytes } from '../../bytes/compare.ts';
import { toReversedHex } from '../../bytes/hex.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import type { MerkleProof } from '../../proofs/merkle-proof.ts';
import { parentHash } from '../../proofs/merkle-tree.ts';
import { type TransactionProofFlaw, verifyTransactionProof } from '../../proofs/transaction-proof.ts';
import type { ChainFlaw } from './shown-chain.ts';
import type { VerifiedChain, VerifiedHeader } from './verified-chain.ts';

// Runs in a page as well: it asks nobody for anything.

/** That the block at a height holds a transaction, and what is to show it. */
export interface PaymentClaim {
  /** With or without its witness, of which nothing is shown. */
  readonly transaction: Transaction;
  readonly height: number;
  readonly proof: MerkleProof;
  /** The block's first transaction with its proof, which shows how deep the tree is. */
  readonly coinbase?: { readonly transaction: Transaction; readonly proof: MerkleProof };
}

/** One step up the merkle tree. */
export interface PathStep {
  /** 32 bytes, internal order; on the right side it may be a copy of the node itself, which then stands alone. */
  readonly sibling: Uint8Array;
  readonly side: 'left' | 'right';
  /** What the two make: the next node, or after the last step the root. */
  readonly parent: Uint8Array;
}

/** What has been shown beyond doubt. */
export type Proved =
  | 'transaction-in-block' // the header commits to the transaction
  | 'proof-of-work' // the headers took the work that the rules ask for
  | 'tree-depth'; // the transaction is a leaf of the tree, as the coinbase is

/** What has not been shown, and what somebody has to be trusted for. */
export type NotProved =
  | 'validity' // that the transaction keeps the rules: miners' work vouches for it
  | 'best-chain' // that no other chain has more work
  | 'unspent' // that its outputs have not been spent since
  | 'witness' // which signatures it had: the txid does not cover them
  | 'tree-depth' // that the tree is not one level less deep, and the transaction made up
  | 'chain-start' // what lies before the first header
  | 'block-signature'; // on a signet: that the block is signed by those who may

export interface VerifiedPayment {
  readonly verified: true;
  readonly transaction: Transaction;
  /** The transaction's place in the block. */
  readonly position: number;
  /** From the transaction to the merkle root; nothing where the block holds no other. */
  readonly path: readonly PathStep[];
  readonly block: VerifiedHeader;
  readonly tip: VerifiedHeader;
  /** Blocks from the one that holds it to the tip, both counted. */
  readonly confirmations: number;
  /** Expected hashes that the blocks on top of its own have taken. */
  readonly workOnTop: bigint;
  readonly proved: readonly Proved[];
  readonly notProved: readonly NotProved[];
}

export type PaymentFlaw =
  | ChainFlaw
  | TransactionProofFlaw
  | 'other-network' // it is of another network than the verifier's
  | 'other-transaction' // it is of another transaction than was asked about
  | 'no-such-block'; // no header has the height that is claimed

export interface RefusedPayment {
  readonly verified: false;
  readonly flaw: PaymentFlaw;
  /** As a sentence for people. */
  readonly reason: string;
}

export type PaymentVerdict = VerifiedPayment | RefusedPayment;

/**
 * Whether a chain's block holds the transaction; `txid` (32 bytes, internal order) is the one that was asked about, if one
 * was. Whatever does not fit is refused with its flaw; nothing is thrown.
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
      ...(chain.unseen ? (['chain-start'] as const) : []),
      ...(signetChallenge ? (['block-signature'] as const) : []),
    ],
  };
}

/** Where a proof that has been verified leads. */
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

/** What is wrong, for people. Flaws of a merkle branch that only other forms of proofs can have are not here. */
const reasons: Partial<Record<PaymentFlaw, string>> = {
  'no-headers': 'there are no headers',
  'wrong-genesis': 'the headers do not begin with the block that the network begins with',
  'unknown-start':
    'the headers do not begin with genesis, and no checkpoint of yours vouches for the place where they do',
  'not-linked': 'the headers are not a chain',
  'invalid-header': 'a header breaks the rules',
  'other-chain': 'the headers are of another chain than the one with your checkpoint',
  'too-little-work': 'the headers have taken less work than the network’s chain',
  'other-network': 'the proof is of another network',
  'other-transaction': 'the proof is of another transaction',
  'no-such-block': 'the block that is said to hold the transaction is not among the headers',
  'wrong-root': 'the branch does not lead from the transaction to the block’s merkle root',
  'wrong-position': 'no block has such a position',
  'equal-siblings': 'the position is a repetition of another',
  'size-of-inner-node': 'a transaction of 64 bytes may be two hashes of the tree',
  'wrong-coinbase': 'the block’s first transaction has to be its coinbase, and no other',
  'wrong-depth': 'the coinbase is at another depth: the transaction is not one of the block’s',
};

/** A refusal; `detail` says of what. */
export function refused(flaw: PaymentFlaw, detail: string): RefusedPayment {
  return { verified: false, flaw, reason: `${reasons[flaw] ?? 'the merkle branch makes no sense'} (${detail})` };
}
