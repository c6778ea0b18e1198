import type { ScriptFailure } from '../../chain/scripts/script-cache.ts';
import { transactionCost } from '../../chain/scripts/script-cost.ts';
import { type Reject, reject, type TxRejectKind, type TxRejectReason } from '../../consensus/reject.ts';
import { formatOutPoint } from '../../primitives/outpoint.ts';
import { scriptErrorString } from '../../script/errors.ts';
import { STANDARD_SCRIPT_VERIFY_FLAGS } from '../../script/flags.ts';
import { SighashCache } from '../../script/sighash/cache.ts';
import { verifyInput } from '../../script/verify.ts';
import { lacksWitness } from '../policy/standard-inputs.ts';
import type { Stage, Workspace } from './workspace.ts';

/** Estimated microseconds of scripts that run at once. */
const MAX_IMMEDIATE_US = 2_000;

/** Stands for the result of a transaction that was postponed; never returned to a caller of the mempool. */
const postponedReject = reject('not-standard', 'mempool-script-verify-flag-failed (unknown error)');

/**
 * Verifies the scripts, last as it costs most. The standard flags include all consensus flags, so a transaction that
 * passes is valid in a block too (Core: PolicyScriptChecks).
 */
export const checkScripts: Stage = (workspace) => {
  const { tx, coins, context } = workspace;
  const { scriptCache, signatures, postponed } = context;
  if (scriptCache.has(tx, STANDARD_SCRIPT_VERIFY_FLAGS)) return undefined;
  const known = scriptCache.failure(tx, STANDARD_SCRIPT_VERIFY_FLAGS);
  if (known) return scriptReject(workspace, known);
  const check = { tx, spentOutputs: coins.map(({ output }) => output) };
  if (postponed && transactionCost(tx, check.spentOutputs) > MAX_IMMEDIATE_US) {
    postponed.push(check);
    return postponedReject;
  }
  const cache = new SighashCache(tx, check.spentOutputs);
  for (let inputIndex = 0; inputIndex < tx.inputs.length; inputIndex++) {
    const error = verifyInput(tx, inputIndex, cache, STANDARD_SCRIPT_VERIFY_FLAGS, signatures);
    if (error !== undefined) return scriptReject(workspace, { inputIndex, error });
  }
  // A block need not verify them again.
  scriptCache.add(tx, STANDARD_SCRIPT_VERIFY_FLAGS);
  return undefined;
};

function scriptReject({ tx, coins }: Workspace, { inputIndex, error }: ScriptFailure): Reject<TxRejectKind> {
  const kind = lacksWitness(tx, coins) ? 'witness-stripped' : 'not-standard';
  const reason: TxRejectReason = `mempool-script-verify-flag-failed (${scriptErrorString(error)})`;
  const spent = formatOutPoint(tx.inputs[inputIndex]!.prevout);
  return reject(kind, reason, `input ${inputIndex} of ${tx.txidHex} (wtxid ${tx.wtxidHex}), spending ${spent}`);
}
