import { equalBytes } from '../bytes/compare.ts';
import type { Block } from '../primitives/block.ts';
import type { BlockHeader } from '../primitives/header.ts';
import { WITNESS_SCALE_FACTOR } from '../primitives/transaction.ts';
import { compileScript } from '../script/script.ts';
import { isActiveAfter } from './deployments.ts';
import type { HeaderContext } from './header-context.ts';
import { MAX_BLOCK_SIGOPS_COST, MAX_BLOCK_WEIGHT, MAX_FUTURE_BLOCK_TIME, MAX_TIMEWARP } from './limits.ts';
import { isFinalTx } from './locks.ts';
import { blockMerkleRoot, witnessMerkleRoot } from './merkle.ts';
import { type ChainParams, difficultyInterval } from './params.ts';
import { checkProofOfWork, nextWorkRequired } from './pow.ts';
import { type BlockRejectKind, type Reject, reject } from './reject.ts';
import { checkSignetSolution } from './signet.ts';
import { legacySigOps } from './sigops.ts';
import { checkTransaction } from './tx-check.ts';
import { committedWitnessHash, witnessCommitment, witnessCommitmentOutputIndex } from './witness-commitment.ts';

export type BlockReject = Reject<BlockRejectKind>;

/** The rules for a header by itself: its proof of work (Core: CheckBlockHeader). */
export function checkHeader(header: BlockHeader, params: ChainParams): BlockReject | undefined {
  if (checkProofOfWork(header.hash, header.bits, params)) return undefined;
  return reject('invalid-header', 'high-hash', 'proof of work failed');
}

/**
 * The rules for a header after its parent `prev` (Core: ContextualCheckBlockHeader). `nowSeconds` is our clock, Unix
 * time.
 */
export function checkHeaderContext(
  header: BlockHeader,
  prev: HeaderContext,
  params: ChainParams,
  nowSeconds: number,
): BlockReject | undefined {
  const height = prev.height + 1;
  if (header.bits !== nextWorkRequired(prev, header.time, params)) {
    return reject('invalid-header', 'bad-diffbits', 'incorrect proof of work');
  }
  if (header.time <= prev.medianTimePast()) {
    return reject('invalid-header', 'time-too-old', "block's timestamp is too early");
  }
  const startsPeriod = height % difficultyInterval(params) === 0;
  if (params.enforceBip94 && startsPeriod && header.time < prev.time - MAX_TIMEWARP) {
    const debug = "block's timestamp is too early on diff adjustment block";
    return reject('invalid-header', 'time-timewarp-attack', debug);
  }
  if (header.time > nowSeconds + MAX_FUTURE_BLOCK_TIME) {
    return reject('time-future', 'time-too-new', 'block timestamp too far in the future');
  }
  const { version } = header;
  if (
    (version < 2 && isActiveAfter('bip34', prev, params)) ||
    (version < 3 && isActiveAfter('bip66', prev, params)) ||
    (version < 4 && isActiveAfter('bip65', prev, params))
  ) {
    const hex = (version >>> 0).toString(16).padStart(8, '0');
    return reject('invalid-header', `bad-version(0x${hex})`, `rejected nVersion=0x${hex} block`);
  }
  return undefined;
}

/** Whether the transactions are those of the header; a fault does not make the header invalid. */
function checkMerkleRoot(block: Block): BlockReject | undefined {
  const { root, mutated } = blockMerkleRoot(block);
  if (!equalBytes(root, block.header.merkleRoot)) {
    return reject('mutated', 'bad-txnmrklroot', 'hashMerkleRoot mismatch');
  }
  return mutated ? reject('mutated', 'bad-txns-duplicate', 'duplicate transaction') : undefined;
}

/** What `checkBlock` leaves out for a block that is not mined yet. */
export interface CheckBlockOptions {
  readonly proofOfWork?: boolean;
  readonly merkleRoot?: boolean;
}

/** The rules for a block by itself (Core: CheckBlock). Neither witnesses nor the chain play a part. */
export function checkBlock(
  block: Block,
  params: ChainParams,
  { proofOfWork = true, merkleRoot = true }: CheckBlockOptions = {},
): BlockReject | undefined {
  if (proofOfWork) {
    const refusal = checkHeader(block.header, params);
    if (refusal) return refusal;
    if (!checkSignetSolution(block, params)) {
      return reject('consensus', 'bad-signet-blksig', 'signet block signature validation failure');
    }
  }
  if (merkleRoot) {
    const refusal = checkMerkleRoot(block);
    if (refusal) return refusal;
  }

  const { transactions } = block;
  if (
    transactions.length === 0 ||
    transactions.length * WITNESS_SCALE_FACTOR > MAX_BLOCK_WEIGHT ||
    block.strippedSize * WITNESS_SCALE_FACTOR > MAX_BLOCK_WEIGHT
  ) {
    return reject('consensus', 'bad-blk-length', 'size limits failed');
  }

  if (!transactions[0]!.isCoinbase) return reject('consensus', 'bad-cb-missing', 'first tx is not coinbase');
  for (let i = 1; i < transactions.length; i++) {
    if (transactions[i]!.isCoinbase) return reject('consensus', 'bad-cb-multiple', 'more than one coinbase');
  }

  for (const tx of transactions) {
    const refusal = checkTransaction(tx);
    if (refusal) {
      const debug = `Transaction check failed (tx hash ${tx.txidHex}) ${refusal.debug ?? ''}`;
      return reject('consensus', refusal.reason, debug);
    }
  }

  let sigOps = 0;
  for (const tx of transactions) sigOps += legacySigOps(tx);
  if (sigOps * WITNESS_SCALE_FACTOR > MAX_BLOCK_SIGOPS_COST) {
    return reject('consensus', 'bad-blk-sigops', 'out-of-bounds SigOpCount');
  }
  return undefined;
}

/** The rules for a block after its parent, save those that need the outputs it spends (Core: ContextualCheckBlock). */
export function checkBlockContext(block: Block, prev: HeaderContext, params: ChainParams): BlockReject | undefined {
  const height = prev.height + 1;
  // BIP113
  const lockTimeClock = isActiveAfter('csv', prev, params) ? prev.medianTimePast() : block.header.time;
  for (const tx of block.transactions) {
    if (!isFinalTx(tx, height, lockTimeClock)) {
      return reject('consensus', 'bad-txns-nonfinal', 'non-final transaction');
    }
  }

  if (isActiveAfter('bip34', prev, params)) {
    const expected = bip34Prefix(height);
    const { scriptSig } = block.transactions[0]!.inputs[0]!;
    if (!equalBytes(scriptSig.subarray(0, expected.length), expected)) {
      return reject('consensus', 'bad-cb-height', 'block height mismatch in coinbase');
    }
  }

  const refusal = checkWitnesses(block, isActiveAfter('segwit', prev, params));
  if (refusal) return refusal;

  // Only now is the coinbase's witness known to be the one that the header commits to.
  if (block.weight > MAX_BLOCK_WEIGHT) {
    return reject('consensus', 'bad-blk-weight', 'ContextualCheckBlock : weight limit failed');
  }
  return undefined;
}

/** What a coinbase's scriptSig begins with, from BIP34 on: the height, as a script pushes it. */
export function bip34Prefix(height: number): Uint8Array {
  return compileScript(BigInt(height));
}

/** Bytes without witness of a transaction that could pass for a node of the merkle tree. */
const MERKLE_NODE_SIZE = 64;

/**
 * Whether the block's contents are not surely those of its header, so that the same header may have other, valid ones
 * (Core: IsBlockMutated).
 */
export function isBlockMutated(block: Block, segwitActive: boolean): boolean {
  if (checkMerkleRoot(block)) return true;
  const { transactions } = block;
  if (!transactions[0]?.isCoinbase) return transactions.some(({ strippedSize }) => strippedSize === MERKLE_NODE_SIZE);
  return checkWitnesses(block, segwitActive) !== undefined;
}

/** BIP141: the witnesses are those that the coinbase commits to; without a commitment there are none. */
function checkWitnesses(block: Block, segwitActive: boolean): BlockReject | undefined {
  const coinbase = block.transactions[0]!;
  const position = segwitActive ? witnessCommitmentOutputIndex(coinbase) : -1;
  if (position >= 0) {
    const { witness } = coinbase.inputs[0]!;
    if (witness.length !== 1 || witness[0]!.length !== 32) {
      const debug = 'CheckWitnessMalleation : invalid witness reserved value size';
      return reject('mutated', 'bad-witness-nonce-size', debug);
    }
    const committed = committedWitnessHash(coinbase.outputs[position]!.scriptPubKey);
    if (!equalBytes(committed, witnessCommitment(witnessMerkleRoot(block), witness[0]!))) {
      const debug = 'CheckWitnessMalleation : witness merkle commitment mismatch';
      return reject('mutated', 'bad-witness-merkle-match', debug);
    }
    return undefined;
  }
  if (block.transactions.some((tx) => tx.hasWitness)) {
    return reject('mutated', 'unexpected-witness', 'CheckWitnessMalleation : unexpected witness data found');
  }
  return undefined;
}
