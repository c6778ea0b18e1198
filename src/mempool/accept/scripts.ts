import { reject, type TxRejectReason } from '../../consensus/reject.ts';
import { formatOutPoint } from '../../primitives/outpoint.ts';
import { scriptErrorString } from '../../script/errors.ts';
import { STANDARD_SCRIPT_VERIFY_FLAGS } from '../../script/flags.ts';
import { SighashCache } from '../../script/sighash/cache.ts';
import { verifyInput } from '../../script/verify.ts';
import { lacksWitness } from '../policy/standard-inputs.ts';
import type { Stage } from './workspace.ts';

/**
 * Verifies the scripts, last as it costs most. The standard flags include all consensus flags, so a transaction that
 * passes is valid in a block too (Core: PolicyScriptChecks).
 */
export const checkScripts: Stage = ({ tx, coins, context: { scriptCache, signatures } }) => {
  if (scriptCache.has(tx, STANDARD_SCRIPT_VERIFY_FLAGS)) return undefined;
  const cache = new SighashCache(
    tx,
    coins.map(({ output }) => output),
  );
  for (let i = 0; i < tx.inputs.length; i++) {
    const error = verifyInput(tx, i, cache, STANDARD_SCRIPT_VERIFY_FLAGS, signatures);
    if (error === undefined) continue;
    const kind = lacksWitness(tx, coins) ? 'witness-stripped' : 'not-standard';
    const reason: TxRejectReason = `mempool-script-verify-flag-failed (${scriptErrorString(error)})`;
    const spent = formatOutPoint(tx.inputs[i]!.prevout);
    return reject(kind, reason, `input ${i} of ${tx.txidHex} (wtxid ${tx.wtxidHex}), spending ${spent}`);
  }
  // A block need not verify them again.
  scriptCache.add(tx, STANDARD_SCRIPT_VERIFY_FLAGS);
  return undefined;
};
