/**
 * The consensus rules: network parameters, proof of work and difficulty, subsidy, merkle roots, soft forks (BIP9), and
 * the checks of transactions and blocks. A rule that is broken yields a `Reject` with Bitcoin Core's reason; nothing is
 * thrown. Runs in browsers as well.
 *
 * @example
 * ```ts
 * import { blockSubsidy, chainParams, checkBlock, difficulty, formatReject } from 'pier/consensus';
 * import { Block } from 'pier/primitives';
 *
 * const params = chainParams('main');
 * console.log(blockSubsidy(840_000, params)); // 312500000
 * console.log(difficulty(params.genesis.header.bits)); // 1
 *
 * console.log(checkBlock(params.genesis, params)); // undefined
 * const empty = new Block(params.genesis.header, []);
 * console.log(formatReject(checkBlock(empty, params)!)); // bad-txnmrklroot, hashMerkleRoot mismatch
 * ```
 *
 * @module pier/consensus
 * @packageDocumentation
 */

export {
  type BlockReject,
  bip34Prefix,
  type CheckBlockOptions,
  checkBlock,
  checkBlockContext,
  checkHeader,
  checkHeaderContext,
  isBlockMutated,
} from './block-check.ts';
export type { Coin, CoinView } from './coins.ts';
export { blockScriptFlags, blockVersion, isActiveAfter, isBuried, isDeployed } from './deployments.ts';
export { type GenesisFields, genesisBlock } from './genesis.ts';
export { type HeaderContext, medianTimePast } from './header-context.ts';
export {
  COINBASE_MATURITY,
  MAX_BLOCK_SIGOPS_COST,
  MAX_BLOCK_WEIGHT,
  MAX_FUTURE_BLOCK_TIME,
  MAX_TIMEWARP,
} from './limits.ts';
export { calculateSequenceLock, isFinalTx, isSequenceLockMet, type SequenceLock, sequenceLocks } from './locks.ts';
export { blockMerkleRoot, type MerkleRoot, merkleRoot, witnessMerkleRoot } from './merkle.ts';
export {
  type BuriedDeployment,
  type ChainParams,
  type ChainTxData,
  chainParams,
  type Deployment,
  type DeploymentName,
  deploymentNames,
  difficultyInterval,
  type NetworkName,
  networkNames,
  regtest,
} from './params.ts';
export {
  blockWork,
  type CompactTarget,
  checkProofOfWork,
  compactToTarget,
  difficulty,
  hashToBigInt,
  nextWorkRequired,
  permittedDifficultyTransition,
  targetToCompact,
} from './pow.ts';
export {
  type BlockRejectKind,
  type BlockRejectReason,
  formatReject,
  type PackageRejectKind,
  type PackageRejectReason,
  type Reject,
  type ReplacementReason,
  type TransactionRule,
  type TxRejectKind,
  type TxRejectReason,
} from './reject.ts';
export { checkSignetSolution } from './signet.ts';
export { legacySigOps, transactionSigOpCost } from './sigops.ts';
export { blockSubsidy } from './subsidy.ts';
export { checkTransaction, totalOutputValue } from './tx-check.ts';
export { checkTxCoins, checkTxInputs, type TxInputsRejectKind, type TxInputsResult } from './tx-inputs.ts';
export {
  ALWAYS_ACTIVE,
  type Bip9Deployment,
  type DeploymentState,
  deploymentState,
  NEVER_ACTIVE,
  NO_TIMEOUT,
  type SignallingStatistics,
  signallingStatistics,
  signals,
  stateSinceHeight,
  VERSIONBITS_TOP_BITS,
} from './versionbits.ts';
export {
  committedWitnessHash,
  witnessCommitment,
  witnessCommitmentOutputIndex,
  witnessCommitmentScript,
} from './witness-commitment.ts';
