import { equalBytes } from '../bytes/compare.ts';
import { atOnce, ITEMS_PER_STEP } from '../platform/slices.ts';
import type { Block } from '../primitives/block.ts';
import type { BlockHeader } from '../primitives/header.ts';
import { WITNESS_SCALE_FACTOR } from '../primitives/transaction.ts';
import { compileScript } from '../script/script.ts';
import { isActiveAfter } from './deployments.ts';
import type { HeaderContext } from './header-context.ts';
import { MAX_BLOCK_SIGOPS_COST, MAX_BLOCK_WEIGHT, MAX_FUTURE_BLOCK_TIME, MAX_TIMEWARP } from './limits.ts';
import { isFinalTx } from './locks.ts';
import { blockMerkleRootInSteps, witnessMerkleRootInSteps } from './merkle.ts';
import { type ChainParams, difficultyInterval } from './params.ts';
import { checkProofOfWork, nextWorkRequired } from './pow.ts';
import { type BlockRejectKind, type Reject, reject } from './reject.ts';
import { checkSignetSolution } from './signet.ts';
import { legacySigOps } from './sigops.ts';
import { checkTransaction } from './tx-check.ts';
import { committedWitnessHash, witnessCommitment, witnessCommitmentOutputIndex } from './witness-commitment.ts';

/** The `Reject` of a block or header. */
export type BlockReject = Reject<BlockRejectKind>;

/** A check of a block in steps of some transactions or hashes. Returns why the block is invalid. */
export type BlockCheck = Generator<void, BlockReject | undefined>;

/** Checks a header without context: its proof of work (Core: CheckBlockHeader). */
export function checkHeader(header: BlockHeader, params: ChainParams): BlockReject | undefined {
  if (checkProofOfWork(header.hash, header.bits, params)) return undefined;
  return reject('invalid-header', 'high-hash', 'proof of work failed');
}

/** Checks a header against its parent and the clock, Unix seconds (Core: ContextualCheckBlockHeader). */
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

/** Checks that the header commits to the transactions. A failure does not make the header invalid. */
function* checkMerkleRoot(block: Block): BlockCheck {
  const { root, mutated } = yield* blockMerkleRootInSteps(block);
  if (!equalBytes(root, block.header.merkleRoot)) {
    return reject('mutated', 'bad-txnmrklroot', 'hashMerkleRoot mismatch');
  }
  return mutated ? reject('mutated', 'bad-txns-duplicate', 'duplicate transaction') : undefined;
}

/** The checks that `checkBlock` may skip for a block that is not mined yet. */
export interface CheckBlockOptions {
  /** Whether to check the proof of work and the signet solution; default true. */
  readonly proofOfWork?: boolean;
  /** Whether to check the merkle root; default true. */
  readonly merkleRoot?: boolean;
}

/**
 * Checks a block without context (Core: CheckBlock). Does not check its witnesses.
 *
 * @example
 * ```ts
 * import { checkBlock, regtest } from 'pier/consensus';
 *
 * console.log(checkBlock(regtest.genesis, regtest)); // undefined
 * ```
 */
export function checkBlock(block: Block, params: ChainParams, options?: CheckBlockOptions): BlockReject | undefined {
  return atOnce(checkBlockInSteps(block, params, options));
}

/** Does what `checkBlock` does, in steps. */
export function* checkBlockInSteps(
  block: Block,
  params: ChainParams,
  { proofOfWork = true, merkleRoot = true }: CheckBlockOptions = {},
): BlockCheck {
  if (proofOfWork) {
    const failed = checkHeader(block.header, params);
    if (failed) return failed;
    if (!checkSignetSolution(block, params)) {
      return reject('consensus', 'bad-signet-blksig', 'signet block signature validation failure');
    }
  }
  if (merkleRoot) {
    const failed = yield* checkMerkleRoot(block);
    if (failed) return failed;
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
    if (i % ITEMS_PER_STEP === 0) yield;
    if (transactions[i]!.isCoinbase) return reject('consensus', 'bad-cb-multiple', 'more than one coinbase');
  }

  let i = 0;
  for (const tx of transactions) {
    if (i++ % ITEMS_PER_STEP === 0) yield;
    const failed = checkTransaction(tx);
    if (failed) {
      const debug = `Transaction check failed (tx hash ${tx.txidHex}) ${failed.debug ?? ''}`;
      return reject('consensus', failed.reason, debug);
    }
  }

  let sigOps = 0;
  for (const tx of transactions) {
    if (i++ % ITEMS_PER_STEP === 0) yield;
    sigOps += legacySigOps(tx);
  }
  if (sigOps * WITNESS_SCALE_FACTOR > MAX_BLOCK_SIGOPS_COST) {
    return reject('consensus', 'bad-blk-sigops', 'out-of-bounds SigOpCount');
  }
  return undefined;
}

/** Checks a block against its parent, without the outputs that it spends (Core: ContextualCheckBlock). */
export function checkBlockContext(block: Block, prev: HeaderContext, params: ChainParams): BlockReject | undefined {
  return atOnce(checkBlockContextInSteps(block, prev, params));
}

/** Does what `checkBlockContext` does, in steps. */
export function* checkBlockContextInSteps(block: Block, prev: HeaderContext, params: ChainParams): BlockCheck {
  const height = prev.height + 1;
  // BIP113
  const lockTimeClock = isActiveAfter('csv', prev, params) ? prev.medianTimePast() : block.header.time;
  let i = 0;
  for (const tx of block.transactions) {
    if (i++ % ITEMS_PER_STEP === 0) yield;
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

  const failed = yield* checkWitnesses(block, isActiveAfter('segwit', prev, params));
  if (failed) return failed;

  // After checkWitnesses: until then, the witnesses (and so the weight) may be malleated.
  if (block.weight > MAX_BLOCK_WEIGHT) {
    return reject('consensus', 'bad-blk-weight', 'ContextualCheckBlock : weight limit failed');
  }
  return undefined;
}

/** Returns the prefix of a coinbase's scriptSig since BIP34: a push of the height. */
export function bip34Prefix(height: number): Uint8Array {
  return compileScript(BigInt(height));
}

/** Bytes of an inner merkle node: a transaction of this size, without witness, can pass for one. */
const MERKLE_NODE_SIZE = 64;

/**
 * Returns whether a block may not be the one that its header commits to, so that another block with this header may be
 * valid (Core: IsBlockMutated).
 */
export function isBlockMutated(block: Block, segwitActive: boolean): boolean {
  return atOnce(isBlockMutatedInSteps(block, segwitActive));
}

/** Does what `isBlockMutated` does, in steps. */
export function* isBlockMutatedInSteps(block: Block, segwitActive: boolean): Generator<void, boolean> {
  if (yield* checkMerkleRoot(block)) return true;
  const { transactions } = block;
  if (!transactions[0]?.isCoinbase) return transactions.some(({ strippedSize }) => strippedSize === MERKLE_NODE_SIZE);
  return (yield* checkWitnesses(block, segwitActive)) !== undefined;
}

/** Checks the witnesses against the commitment in the coinbase; without one there must be none (BIP141). */
function* checkWitnesses(block: Block, segwitActive: boolean): BlockCheck {
  const coinbase = block.transactions[0]!;
  const position = segwitActive ? witnessCommitmentOutputIndex(coinbase) : -1;
  if (position >= 0) {
    const { witness } = coinbase.inputs[0]!;
    if (witness.length !== 1 || witness[0]!.length !== 32) {
      const debug = 'CheckWitnessMalleation : invalid witness reserved value size';
      return reject('mutated', 'bad-witness-nonce-size', debug);
    }
    const committed = committedWitnessHash(coinbase.outputs[position]!.scriptPubKey);
    const root = yield* witnessMerkleRootInSteps(block);
    if (!equalBytes(committed, witnessCommitment(root, witness[0]!))) {
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
