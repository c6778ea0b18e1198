import type { Reject, TxRejectKind } from '../../consensus/reject.ts';
import { checkEphemeralSpends, checkSpendsNoConflict, checkTruc, findAncestors } from './ancestors.ts';
import { checkNotPresent, findConflicts } from './conflicts.ts';
import { checkEphemeralTx, checkMaxFeeRate, checkMinFeeRate, checkPackageMaxFeeRate, checkSigOps } from './fees.ts';
import { checkFinal, checkInputs, checkSequenceLocks, findCoins } from './inputs.ts';
import { checkReplacement } from './rbf.ts';
import { checkScripts } from './scripts.ts';
import { checkSize, checkStandard, checkStructure } from './structure.ts';
import type { Stage, Workspace } from './workspace.ts';

/**
 * What is asked of every transaction for itself, in the order of Core's MemPoolAccept: it decides which of several reasons
 * is given, and cheap ones come first.
 */
const preChecks: readonly Stage[] = [
  checkStructure,
  checkStandard,
  checkSize,
  checkFinal,
  checkNotPresent,
  findConflicts,
  findCoins,
  checkSequenceLocks,
  checkInputs,
  checkEphemeralTx,
  checkSigOps,
  checkMinFeeRate,
  findAncestors,
  checkTruc,
  checkSpendsNoConflict,
  checkPackageMaxFeeRate,
];

/** What is asked of one that comes alone. */
const lastChecks: readonly Stage[] = [checkEphemeralSpends, checkReplacement, checkScripts, checkMaxFeeRate];

/** Judges a transaction; where it passes, the workspace holds the entry to add and those to remove. */
export function runAllChecks(workspace: Workspace): Reject<TxRejectKind> | undefined {
  return runPreChecks(workspace) ?? firstReject(lastChecks, workspace);
}

/** The same for one of a package, of which more has to be asked then. */
export function runPreChecks(workspace: Workspace): Reject<TxRejectKind> | undefined {
  return firstReject(preChecks, workspace);
}

function firstReject(stages: readonly Stage[], workspace: Workspace): Reject<TxRejectKind> | undefined {
  for (const stage of stages) {
    const refusal = stage(workspace);
    if (refusal) return refusal;
  }
  return undefined;
}
