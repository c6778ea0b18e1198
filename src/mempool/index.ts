/**
 * The mempool: acceptance by Bitcoin Core's policy, packages, replacement, eviction, and the policy rules as functions.
 *
 * @example
 * ```ts
 * import { Chain } from 'pier/chain';
 * import { formatReject, regtest } from 'pier/consensus';
 * import { Mempool } from 'pier/mempool';
 * import { silentLogger, systemClock } from 'pier/platform';
 * import { MemoryStore } from 'pier/store';
 *
 * const common = { clock: systemClock, logger: silentLogger };
 * const chain = await Chain.open({ params: regtest, scriptThreads: 0 }, { store: new MemoryStore(), ...common });
 * const mempool = new Mempool({}, { chain, ...common });
 * const result = mempool.accept(regtest.genesis.transactions[0]!);
 * console.log('reject' in result ? formatReject(result.reject) : result.entry.fee); // coinbase
 * mempool.close();
 * await chain.close();
 * ```
 *
 * @module pier/mempool
 * @packageDocumentation
 */

export {
  type DumpedTransaction,
  decodeMempoolDump,
  encodeMempoolDump,
  type LoadedDump,
  type LoadOptions,
  loadMempoolDump,
  type MempoolDump,
} from './dump.ts';
export { MEMPOOL_HEIGHT, type MempoolEntry, type MempoolEntryFields, type RemovalReason } from './entry.ts';
export {
  type AcceptOptions,
  type AcceptResult,
  type AsyncOptions,
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
export type { RollingFeeState } from './rolling-minimum-fee.ts';
export type { MempoolSnapshot } from './snapshot.ts';
