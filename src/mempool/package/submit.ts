import { binaryKey } from '../../bytes/compare.ts';
import type { CoinView } from '../../consensus/coins.ts';
import { type PackageRejectKind, type Reject, reject } from '../../consensus/reject.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import type { MempoolEntry } from '../entry.ts';
import type { MempoolGraph } from '../graph.ts';
import { feeRate } from '../policy/fee-rate.ts';
import { transactionFailed } from './check-package.ts';
import type { PackageResult, PackageTxResult } from './result.ts';
import { checkWellFormedPackage, isChildWithParents } from './well-formed.ts';

/** The operations of the mempool that `submitPackage` uses. */
export interface PackageHost {
  readonly graph: MempoolGraph;
  readonly chainCoins: CoinView;
  /** Checks and adds one transaction, without limiting the size. */
  acceptSingle(
    tx: Transaction,
  ):
    | { readonly entry: MempoolEntry; readonly replaced: readonly MempoolEntry[] }
    | Extract<PackageTxResult, { reject: unknown }>;
  /** Checks and adds transactions as a whole, without limiting the size. */
  acceptMultiple(txs: readonly Transaction[]): PackageResult;
  /** Evicts entries above the memory limit; must follow the two methods above. */
  limitSize(): void;
}

/**
 * Submits a single transaction, or a child after its unconfirmed parents (Core: AcceptPackage). Each is tried alone
 * first, so that it is accepted on its own fee if possible; those that fail for their fee or a missing parent are then
 * tried together.
 */
export function submitPackage(txs: readonly Transaction[], host: PackageHost): PackageResult {
  const malformed = checkWellFormedPackage(txs) ?? checkChildWithParents(txs, host.chainCoins);
  if (malformed) return { reject: malformed, results: txs.map(() => undefined) };

  const results = txs.map((tx): PackageTxResult => alreadyInMempool(tx, host) ?? acceptSingle(tx, host));
  const failures = results.flatMap((result) => ('reject' in result ? [result.reject.kind] : []));
  const isHopeless = failures.some((kind) => kind !== 'reconsiderable' && kind !== 'missing-inputs');
  let rejected: Reject<PackageRejectKind> | undefined = failures.length > 0 ? transactionFailed : undefined;
  if (failures.length > 0 && !isHopeless && txs.length > 1) {
    const remaining = [...results.keys()].filter((at) => 'reject' in results[at]!);
    const together = acceptRemaining(
      remaining.map((at) => txs[at]!),
      host,
    );
    rejected = together.reject;
    for (const [i, at] of remaining.entries()) results[at] = together.results[i] ?? results[at]!;
  }

  host.limitSize();
  for (const [at, result] of results.entries()) {
    if ('reject' in result || host.graph.get(txs[at]!.txid)) continue;
    rejected = transactionFailed;
    results[at] = { reject: reject('mempool-policy', 'mempool full') };
  }
  return rejected ? { reject: rejected, results } : { results };
}

/** Checks that each input of the child spends a parent in the package or a confirmed output. */
function checkChildWithParents(
  txs: readonly Transaction[],
  chainCoins: CoinView,
): Reject<PackageRejectKind> | undefined {
  if (txs.length === 1) return undefined;
  if (!isChildWithParents(txs)) return reject('package-policy', 'package-not-child-with-parents');
  const parents = new Set(txs.slice(0, -1).map(({ txid }) => binaryKey(txid)));
  const isKnown = txs
    .at(-1)!
    .inputs.every(({ prevout }) => parents.has(binaryKey(prevout.txid)) || chainCoins.getCoin(prevout) !== undefined);
  return isKnown ? undefined : reject('package-policy', 'package-not-child-with-unconfirmed-parents');
}

function alreadyInMempool({ txid }: Transaction, { graph }: PackageHost): PackageTxResult | undefined {
  const entry = graph.get(txid);
  return entry && { present: entry };
}

function acceptSingle(tx: Transaction, host: PackageHost): PackageTxResult {
  const result = host.acceptSingle(tx);
  if ('reject' in result) return result;
  const { entry, replaced } = result;
  return {
    entry,
    replaced,
    effectiveFeeRate: feeRate(entry.modifiedFee, entry.vsize),
    effectiveIncludes: [tx.wtxid],
  };
}

function acceptRemaining(txs: readonly Transaction[], host: PackageHost): PackageResult {
  if (txs.length > 1) return host.acceptMultiple(txs);
  const result = acceptSingle(txs[0]!, host);
  return 'reject' in result ? { reject: transactionFailed, results: [result] } : { results: [result] };
}
