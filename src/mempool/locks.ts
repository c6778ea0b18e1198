import type { BlockIndex } from '../chain/tree/block-index.ts';
import type { Coin } from '../consensus/coins.ts';
import { isFinalTx, sequenceLocks } from '../consensus/locks.ts';
import type { Transaction } from '../primitives/transaction.ts';
import { MEMPOOL_HEIGHT } from './entry.ts';

/** Returns whether `tx` is final in the block after `tip` (BIP113; Core: CheckFinalTxAtTip). */
export function isFinalAfter(tx: Transaction, tip: BlockIndex): boolean {
  return isFinalTx(tx, tip.height + 1, tip.medianTimePast());
}

/**
 * Returns whether the BIP68 relative locks of `tx` are met in the block after `tip`, assuming that its unconfirmed
 * parents confirm in the same block (Core: CheckSequenceLocksAtTip).
 */
export function isUnlockedAfter(tx: Transaction, coins: readonly Coin[], tip: BlockIndex): boolean {
  const heights = coins.map(({ height }) => (height === MEMPOOL_HEIGHT ? tip.height + 1 : height));
  return sequenceLocks(tx, heights, tip);
}

/** BIP68: if set, the sequence is not a relative lock (Core: SEQUENCE_LOCKTIME_DISABLE_FLAG). */
const SEQUENCE_LOCK_DISABLE_FLAG = 0x8000_0000;

/** Returns whether `tx` has a relative lock (BIP68). */
export function hasRelativeLock(tx: Transaction): boolean {
  return tx.version >= 2 && tx.inputs.some(({ sequence }) => (sequence & SEQUENCE_LOCK_DISABLE_FLAG) === 0);
}
