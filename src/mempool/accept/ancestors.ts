import { type Reject, reject, type TxRejectKind } from '../../consensus/reject.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import { ancestorsWithinLimits } from '../ancestor-limits.ts';
import type { MutableEntry } from '../entry.ts';
import type { MempoolLimits } from '../options.ts';
import { EXTRA_DESCENDANT_TX_SIZE_LIMIT, TRUC_VERSION } from '../policy/constants.ts';
import { parentWithUnspentDust } from '../policy/ephemeral-dust.ts';
import { trucViolation } from '../policy/truc.ts';
import type { Stage, Workspace } from './workspace.ts';

/** Finds the ancestors, within the limits of families. */
export const findAncestors: Stage = (workspace) => {
  const { tx, entry, context } = workspace;
  const parents = context.graph.findParents(entry);
  const newcomer = { vsize: entry.vsize, count: 1 };
  const limits = limitsAfterReplacement(workspace);
  let ancestors = ancestorsWithinLimits(newcomer, parents, limits);
  if (typeof ancestors === 'string') {
    const tooLong = reject('mempool-policy', 'too-long-mempool-chain', ancestors);
    if (!context.allowsCarveOut) return tooLong;
    if (entry.vsize > EXTRA_DESCENDANT_TX_SIZE_LIMIT || tx.version === TRUC_VERSION) return tooLong;
    // The carve-out: one small child more than the limit, so that the one party to a contract's transaction cannot
    // keep the other from raising its fee.
    ancestors = ancestorsWithinLimits(newcomer, parents, {
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

/** What a single conflict leaves behind in its ancestors' families does not count against its replacement. */
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

/** BIP431's rules for version 3; a sibling in the way joins the conflicts. */
export const checkTruc: Stage = (workspace) => {
  const { tx, entry, ancestors, conflicts, context } = workspace;
  const violation = trucViolation(tx, entry.vsize, ancestors, conflicts);
  if (!violation) return undefined;
  if (!violation.sibling || context.package) return reject('mempool-policy', 'TRUC-violation', violation.debug);
  conflicts.add(violation.sibling);
  workspace.evictsSibling = true;
  return undefined;
};

/** Nothing can spend what it replaces. */
export const checkSpendsNoConflict: Stage = ({ tx, ancestors, conflicts }) => {
  for (const conflict of conflicts) {
    if (!ancestors.has(conflict)) continue;
    const debug = `${tx.txidHex} spends conflicting transaction ${conflict.tx.txidHex}`;
    return reject('consensus', 'bad-txns-spends-conflicting-tx', debug);
  }
  return undefined;
};

export const checkEphemeralSpends: Stage = ({ tx, entry, context: { graph, options } }) => {
  if (!options.requireStandard) return undefined;
  return checkParentDust(tx, graph.findParents(entry), options.dustRelayFeeRate);
};

/** Why a child of `parents`, in the mempool or in its package, is refused for the dust of one that it leaves. */
export function checkParentDust(
  tx: Transaction,
  parents: Iterable<MutableEntry>,
  dustRate: bigint,
): Reject<TxRejectKind> | undefined {
  if (!parentWithUnspentDust(tx, parents, dustRate)) return undefined;
  const debug = `tx ${tx.txidHex} (wtxid=${tx.wtxidHex}) did not spend parent's ephemeral dust`;
  return reject('mempool-policy', 'missing-ephemeral-spends', debug);
}
