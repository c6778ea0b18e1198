import { reject } from '../../consensus/reject.ts';
import { checkTransaction } from '../../consensus/tx-check.ts';
import { isTooSmall, nonStandardReason } from '../policy/standard-tx.ts';
import type { Stage } from './workspace.ts';

/** Consensus rules that need no context; a coinbase is never loose. */
export const checkStructure: Stage = ({ tx }) => {
  const invalid = checkTransaction(tx);
  if (invalid) return invalid;
  return tx.isCoinbase ? reject('consensus', 'coinbase') : undefined;
};

export const checkStandard: Stage = ({ tx, context: { options } }) => {
  const reason = options.requireStandard ? nonStandardReason(tx, options) : undefined;
  return reason === undefined ? undefined : reject('not-standard', reason);
};

export const checkSize: Stage = ({ tx }) => (isTooSmall(tx) ? reject('not-standard', 'tx-size-small') : undefined);
