import { type Reject, type ReplacementReason, reject, type TxRejectKind } from '../../consensus/reject.ts';
import { formatMoney } from '../../primitives/amount.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import type { MutableEntry } from '../entry.ts';
import { withDescendants } from '../graph.ts';
import { MAX_REPLACEMENT_CANDIDATES } from '../policy/constants.ts';
import { feeAtRate, feeRate, formatFeeRate } from '../policy/fee-rate.ts';
import type { Stage, Workspace } from './workspace.ts';

type Rule = (workspace: Workspace) => Reject<TxRejectKind> | undefined;

/** Checks the replacement rules (Core: ReplacementChecks). Full RBF: replaced transactions need not signal BIP125. */
export const checkReplacement: Stage = (workspace) => {
  if (workspace.conflicts.size === 0) return undefined;
  return (
    checkPaysMoreThanConflicts(workspace) ??
    checkReplacementCount(workspace) ??
    checkNoNewUnconfirmed(workspace) ??
    checkPaysForRbf(workspace)
  );
};

/** The replacement must have a higher fee rate than each direct conflict (Core: PaysMoreThanConflicts). */
const checkPaysMoreThanConflicts: Rule = (workspace) => {
  const { tx, entry, conflicts } = workspace;
  for (const conflict of conflicts) {
    if (entry.modifiedFee * BigInt(conflict.vsize) > conflict.modifiedFee * BigInt(entry.vsize)) continue;
    const rate = formatFeeRate(feeRate(entry.modifiedFee, entry.vsize));
    const rateBefore = formatFeeRate(feeRate(conflict.modifiedFee, conflict.vsize));
    const debug = `rejecting replacement ${tx.txidHex}; new feerate ${rate} <= old feerate ${rateBefore}`;
    return rejectReplacement(workspace, 'reconsiderable', 'insufficient fee', debug);
  }
  return undefined;
};

/** BIP125 rule 5: bounds the number of evictions. Sets `replaced`. */
const checkReplacementCount: Rule = (workspace) => {
  const { tx, conflicts } = workspace;
  const debug = replacementCountError(tx, conflicts);
  if (debug !== undefined)
    return rejectReplacement(workspace, 'mempool-policy', 'too many potential replacements', debug);
  workspace.replaced = withDescendants(conflicts);
  return undefined;
};

/** BIP125 rule 2: unconfirmed parents must be parents of a replaced transaction too (Core: HasNoNewUnconfirmed). */
const checkNoNewUnconfirmed: Rule = (workspace) => {
  const { tx, replaced, context } = workspace;
  const before = new Set<MutableEntry>();
  for (const { parents } of replaced) for (const parent of parents) before.add(parent);
  for (let i = 0; i < tx.inputs.length; i++) {
    const parent = context.graph.get(tx.inputs[i]!.prevout.txid);
    if (!parent || before.has(parent)) continue;
    const debug = `replacement ${tx.txidHex} adds unconfirmed input, idx ${i}`;
    return rejectReplacement(workspace, 'mempool-policy', 'replacement-adds-unconfirmed', debug);
  }
  return undefined;
};

/** Returns Core's error text if `tx` would evict too many transactions (Core: GetEntriesForConflicts). */
export function replacementCountError(tx: Transaction, conflicts: Iterable<MutableEntry>): string | undefined {
  let count = 0;
  // Counts shared descendants more than once, like Core: cheap, and never too few.
  for (const conflict of conflicts) count += conflict.descendantCount;
  if (count <= MAX_REPLACEMENT_CANDIDATES) return undefined;
  return `rejecting replacement ${tx.txidHex}; too many potential replacements (${count} > ${MAX_REPLACEMENT_CANDIDATES})`;
}

/** BIP125 rules 3 and 4: pays the fees of all replaced transactions plus its own relay (Core: PaysForRBF). */
const checkPaysForRbf: Rule = (workspace) => {
  const { tx, entry, replaced, context } = workspace;
  const added = { fee: entry.modifiedFee, vsize: entry.vsize };
  const debug = replacementFeeError(tx, added, replaced, context.options.incrementalRelayFeeRate);
  return debug === undefined ? undefined : rejectReplacement(workspace, 'reconsiderable', 'insufficient fee', debug);
};

/** Returns Core's error text if the fee of `tx`, or of the package that ends with it, is too low (Core: PaysForRBF). */
export function replacementFeeError(
  tx: Transaction,
  { fee, vsize }: { readonly fee: bigint; readonly vsize: number },
  replaced: Iterable<MutableEntry>,
  incrementalRate: bigint,
): string | undefined {
  let feesBefore = 0n;
  for (const { modifiedFee } of replaced) feesBefore += modifiedFee;
  const added = fee - feesBefore;
  if (added < 0n) {
    const fees = `${formatMoney(fee)} < ${formatMoney(feesBefore)}`;
    return `rejecting replacement ${tx.txidHex}, less fees than conflicting txs; ${fees}`;
  }
  const relayFee = feeAtRate(incrementalRate, vsize);
  if (added >= relayFee) return undefined;
  const fees = `${formatMoney(added)} < ${formatMoney(relayFee)}`;
  return `rejecting replacement ${tx.txidHex}, not enough additional fees to relay; ${fees}`;
}

function rejectReplacement(
  workspace: Workspace,
  kind: TxRejectKind,
  reason: ReplacementReason,
  debug: string,
): Reject<TxRejectKind> {
  return reject(kind, workspace.evictsSibling ? `${reason} (including sibling eviction)` : reason, debug);
}
