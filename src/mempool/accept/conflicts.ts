import { reject } from '../../consensus/reject.ts';
import type { Stage } from './workspace.ts';

/** Rejects transactions already in the mempool, with the same or another witness. */
export const checkNotPresent: Stage = ({ tx, context: { graph } }) => {
  if (graph.getByWtxid(tx.wtxid)) return reject('conflict', 'txn-already-in-mempool');
  if (graph.get(tx.txid)) return reject('conflict', 'txn-same-nonwitness-data-in-mempool');
  return undefined;
};

/** Records the entries that spend the same outputs. */
export const findConflicts: Stage = ({ tx, conflicts, context }) => {
  for (const { prevout } of tx.inputs) {
    const spender = context.graph.spender(prevout);
    if (!spender) continue;
    if (context.package?.isTest) return reject('mempool-policy', 'bip125-replacement-disallowed');
    conflicts.add(spender);
  }
  return undefined;
};
