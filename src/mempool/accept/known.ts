import { reject } from '../../consensus/reject.ts';
import type { Stage } from './workspace.ts';

/** Refuses what is here already, also with another witness. */
export const checkNotPresent: Stage = ({ tx, context: { graph } }) => {
  if (graph.getByWtxid(tx.wtxid)) return reject('conflict', 'txn-already-in-mempool');
  if (graph.get(tx.txid)) return reject('conflict', 'txn-same-nonwitness-data-in-mempool');
  return undefined;
};

/** Notes the entries that spend the same outputs. */
export const findConflicts: Stage = ({ tx, conflicts, context: { graph } }) => {
  for (const { prevout } of tx.inputs) {
    const spender = graph.spender(prevout);
    if (spender) conflicts.add(spender);
  }
  return undefined;
};
