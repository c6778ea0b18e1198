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
 * The checks of each transaction, in the order of Core's MemPoolAccept::PreChecks. The order decides which of several
 * reject reasons is given; cheap checks come first.
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

/** Further checks of a single transaction; packages have their own. */
const lastChecks: readonly Stage[] = [checkEphemeralSpends, checkReplacement, checkScripts, checkMaxFeeRate];

/** Runs all checks of a single transaction. If it passes, the workspace has the entry to add and those to replace. */
export function runAllChecks(workspace: Workspace): Reject<TxRejectKind> | undefined {
  return runPreChecks(workspace) ?? firstReject(lastChecks, workspace);
}

/** Runs the checks that a transaction must pass alone or in a package (Core: PreChecks). */
export function runPreChecks(workspace: Workspace): Reject<TxRejectKind> | undefined {
  return firstReject(preChecks, workspace);
}

function firstReject(stages: readonly Stage[], workspace: Workspace): Reject<TxRejectKind> | undefined {
  for (const stage of stages) {
    const rejected = stage(workspace);
    if (rejected) return rejected;
  }
  return undefined;
}
