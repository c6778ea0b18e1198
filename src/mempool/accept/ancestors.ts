import { type Reject, reject, type TxRejectKind } from '../../consensus/reject.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import { ancestorsWithinLimits } from '../ancestor-limits.ts';
import type { MutableEntry } from '../entry.ts';
import type { MempoolLimits } from '../options.ts';
import { EXTRA_DESCENDANT_TX_SIZE_LIMIT, TRUC_VERSION } from '../policy/constants.ts';
import { parentWithUnspentDust } from '../policy/ephemeral-dust.ts';
import { trucViolation } from '../policy/truc.ts';
import type { Stage, Workspace } from './workspace.ts';

/** Finds the ancestors and checks the ancestor and descendant limits. */
export const findAncestors: Stage = (workspace) => {
  const { tx, entry, context } = workspace;
  const parents = context.graph.findParents(entry);
  const added = { vsize: entry.vsize, count: 1 };
  const limits = limitsAfterReplacement(workspace);
  let ancestors = ancestorsWithinLimits(added, parents, limits);
  if (typeof ancestors === 'string') {
    const tooLong = reject('mempool-policy', 'too-long-mempool-chain', ancestors);
    if (!context.allowsCarveOut) return tooLong;
    if (entry.vsize > EXTRA_DESCENDANT_TX_SIZE_LIMIT || tx.version === TRUC_VERSION) return tooLong;
    // CPFP carve-out: one extra small child, so that one party of a contract cannot pin the transaction by using up its
    // descendant limit.
    ancestors = ancestorsWithinLimits(added, parents, {
      ancestorCount: 2,
      ancestorSize: limits.ancestorSize,
      descendantCount: limits.descendantCount + 1,
      descendantSize: limits.descendantSize + EXTRA_DESCENDANT_TX_SIZE_LIMIT,
    });
    if (typeof ancestors === 'string') return tooLong;
  }
  workspace.ancestors = ancestors;
  return undefined;
};

/** Returns the limits without the space that a single conflict takes, since the replacement frees it. */
function limitsAfterReplacement({ conflicts, context }: Workspace): MempoolLimits {
  const { limits } = context.options;
  const [conflict] = conflicts;
  if (!conflict || conflicts.size > 1 || !context.allowsCarveOut) return limits;
  return {
    ...limits,
    descendantCount: limits.descendantCount + 1,
    descendantSize: limits.descendantSize + conflict.descendantSize,
  };
}

/**
 * Checks the TRUC rules (BIP431), but not for transactions of disconnected blocks; a sibling that must be evicted is
 * added to the conflicts.
 */
export const checkTruc: Stage = (workspace) => {
  const { tx, entry, ancestors, conflicts, context } = workspace;
  if (context.bypassLimits) return undefined;
  const violation = trucViolation(tx, entry.vsize, ancestors, conflicts);
  if (!violation) return undefined;
  if (!violation.sibling || context.package) return reject('mempool-policy', 'TRUC-violation', violation.debug);
  conflicts.add(violation.sibling);
  workspace.evictsSibling = true;
  return undefined;
};

/** Rejects a transaction that spends an output of a transaction it replaces (Core: EntriesAndTxidsDisjoint). */
export const checkSpendsNoConflict: Stage = ({ tx, ancestors, conflicts }) => {
  for (const conflict of conflicts) {
    if (!ancestors.has(conflict)) continue;
    const debug = `${tx.txidHex} spends conflicting transaction ${conflict.tx.txidHex}`;
    return reject('consensus', 'bad-txns-spends-conflicting-tx', debug);
  }
  return undefined;
};

/** Checks that all ephemeral dust of its parents is spent (Core: CheckEphemeralSpends). */
export const checkEphemeralSpends: Stage = ({ tx, entry, context: { graph, options } }) => {
  if (!options.requireStandard) return undefined;
  return checkParentDust(tx, graph.findParents(entry), options.dustRelayFeeRate);
};

/** Rejects a child that leaves dust of a parent unspent. `parents` are entries of the mempool or of the package. */
export function checkParentDust(
  tx: Transaction,
  parents: Iterable<MutableEntry>,
  dustRate: bigint,
): Reject<TxRejectKind> | undefined {
  if (!parentWithUnspentDust(tx, parents, dustRate)) return undefined;
  const debug = `tx ${tx.txidHex} (wtxid=${tx.wtxidHex}) did not spend parent's ephemeral dust`;
  return reject('mempool-policy', 'missing-ephemeral-spends', debug);
}
