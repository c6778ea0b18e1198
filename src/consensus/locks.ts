import { SEQUENCE_FINAL, type Transaction } from '../primitives/transaction.ts';
import { LOCKTIME_THRESHOLD } from '../script/limits.ts';
import type { HeaderContext } from './header-context.ts';

/**
 * Returns whether the lock time allows the transaction in a block at `height` (Core: IsFinalTx). `time` is the median
 * time past of the block's parent if BIP113 is active, otherwise the block's own time, in Unix seconds.
 */
export function isFinalTx(tx: Transaction, height: number, time: number): boolean {
  const { lockTime } = tx;
  if (lockTime === 0 || lockTime < (lockTime < LOCKTIME_THRESHOLD ? height : time)) return true;
  // Lock times are disabled if all inputs are final.
  return tx.inputs.every((input) => input.sequence === SEQUENCE_FINAL);
}

/** The sequence bit that disables the relative lock (BIP68). */
const DISABLE_FLAG = 0x8000_0000;
/** The sequence bit that selects units of 512 seconds instead of blocks (BIP68). */
const TYPE_FLAG = 0x0040_0000;
const VALUE_MASK = 0x0000_ffff;
/** A time unit is 2 to the power of this many seconds (BIP68). */
const GRANULARITY = 9;

/** The last height, and the last median time past, at which relative locks still hold a transaction; -1 for no lock. */
export interface SequenceLock {
  readonly minHeight: number;
  /** Unix seconds. */
  readonly minTime: number;
}

/**
 * Returns the relative lock of a transaction (BIP68; Core: CalculateSequenceLocks). `coinHeights` are the heights of
 * the blocks that created the output of each input; `prev` is the parent of the block with the transaction.
 */
export function calculateSequenceLock(
  tx: Transaction,
  coinHeights: readonly number[],
  prev: HeaderContext,
): SequenceLock {
  let minHeight = -1;
  let minTime = -1;
  if (tx.version >= 2) {
    tx.inputs.forEach(({ sequence }, i) => {
      if (sequence & DISABLE_FLAG) return;
      const coinHeight = coinHeights[i]!;
      const value = sequence & VALUE_MASK;
      if (sequence & TYPE_FLAG) {
        // Counts from the median time past of the parent of the block that created the coin.
        const since = prev.ancestor(Math.max(coinHeight - 1, 0))!.medianTimePast();
        minTime = Math.max(minTime, since + value * 2 ** GRANULARITY - 1);
      } else {
        minHeight = Math.max(minHeight, coinHeight + value - 1);
      }
    });
  }
  return { minHeight, minTime };
}

/** Returns whether the lock allows the transaction in the block after `prev` (Core: EvaluateSequenceLocks). */
export function isSequenceLockMet(lock: SequenceLock, prev: HeaderContext): boolean {
  return lock.minHeight <= prev.height && (lock.minTime < 0 || lock.minTime < prev.medianTimePast());
}

/** Returns whether BIP68 allows `tx` in the block after `prev`; see `calculateSequenceLock` (Core: SequenceLocks). */
export function sequenceLocks(tx: Transaction, coinHeights: readonly number[], prev: HeaderContext): boolean {
  return isSequenceLockMet(calculateSequenceLock(tx, coinHeights, prev), prev);
}
