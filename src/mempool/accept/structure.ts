import { reject } from '../../consensus/reject.ts';
import { checkTransaction } from '../../consensus/tx-check.ts';
import { isTooSmall, nonStandardReason } from '../policy/standard-tx.ts';
import type { Stage } from './workspace.ts';

/** Checks context-free consensus rules (Core: CheckTransaction) and rejects coinbases. */
export const checkStructure: Stage = ({ tx }) => {
  const invalid = checkTransaction(tx);
  if (invalid) return invalid;
  return tx.isCoinbase ? reject('consensus', 'coinbase') : undefined;
};

/** Checks the standardness rules that need no coins. */
export const checkStandard: Stage = ({ tx, context: { options } }) => {
  const reason = options.requireStandard ? nonStandardReason(tx, options) : undefined;
  return reason === undefined ? undefined : reject('not-standard', reason);
};

/** Checks the minimum size without witness (CVE-2017-12842). */
export const checkSize: Stage = ({ tx }) => (isTooSmall(tx) ? reject('not-standard', 'tx-size-small') : undefined);
