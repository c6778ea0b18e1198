export {
  type DumpedTransaction,
  decodeMempoolDump,
  encodeMempoolDump,
  loadMempoolDump,
  type MempoolDump,
} from './dump.ts';
export { MEMPOOL_HEIGHT, type MempoolEntry, type MempoolEntryFields, type RemovalReason } from './entry.ts';
export {
  type AcceptOptions,
  type AcceptResult,
  Mempool,
  type MempoolEvents,
  type MempoolModules,
  type PackageOptions,
} from './mempool.ts';
export { DEFAULT_MEMPOOL_OPTIONS, type MempoolLimits, type MempoolOptions } from './options.ts';
export type { AcceptedPackageTx, PackageResult, PackageTxResult } from './package/result.ts';
export { checkWellFormedPackage, isChildWithParents, MAX_PACKAGE_COUNT, packageHash } from './package/well-formed.ts';
export { dustOutputs, dustThreshold } from './policy/dust.ts';
export { feeAtRate, feeRate, formatFeeRate, policyVsize } from './policy/fee-rate.ts';
export { areInputsStandard, isWitnessStandard } from './policy/standard-inputs.ts';
export { nonStandardReason } from './policy/standard-tx.ts';
