import { SEQUENCE_FINAL, type Transaction } from '../primitives/transaction.ts';
import { LOCKTIME_THRESHOLD } from '../script/limits.ts';
import type { HeaderContext } from './header-context.ts';

/**
 * Whether the lock time lets the transaction into a block at `height` whose lock-time clock shows `time` seconds: the
 * median time past of its parent where BIP113 is active, else the block's own time (Core: IsFinalTx).
 */
export function isFinalTx(tx: Transaction, height: number, time: number): boolean {
  const { lockTime } = tx;
  if (lockTime === 0 || lockTime < (lockTime < LOCKTIME_THRESHOLD ? height : time)) return true;
  // Lock times are off where all inputs say so.
  return tx.inputs.every((input) => input.sequence === SEQUENCE_FINAL);
}

/** BIP68: set, the sequence is no relative lock. */
const DISABLE_FLAG = 0x8000_0000;
/** BIP68: set, the lock counts units of 512 seconds, else blocks. */
const TYPE_FLAG = 0x0040_0000;
const VALUE_MASK = 0x0000_ffff;
const GRANULARITY = 9;

/** The last height and the last median time past at which a transaction is still locked; -1 for no lock. */
export interface SequenceLock {
  readonly minHeight: number;
  readonly minTime: number;
}

/**
 * What BIP68 asks of the block that holds `tx` (Core: CalculateSequenceLocks). `coinHeights` are those of the blocks
 * that made what each input spends; `prev` is the parent of the block in question.
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
        // From the median time past before the block that made the coin.
        const since = prev.ancestor(Math.max(coinHeight - 1, 0))!.medianTimePast();
        minTime = Math.max(minTime, since + value * 2 ** GRANULARITY - 1);
      } else {
        minHeight = Math.max(minHeight, coinHeight + value - 1);
      }
    });
  }
  return { minHeight, minTime };
}

/** Whether a block after `prev` may hold a transaction with this lock (Core: EvaluateSequenceLocks). */
export function isSequenceLockMet(lock: SequenceLock, prev: HeaderContext): boolean {
  return lock.minHeight <= prev.height && (lock.minTime < 0 || lock.minTime < prev.medianTimePast());
}

/** Whether BIP68 lets `tx` into a block after `prev`; see `calculateSequenceLock`. */
export function sequenceLocks(tx: Transaction, coinHeights: readonly number[], prev: HeaderContext): boolean {
  return isSequenceLockMet(calculateSequenceLock(tx, coinHeights, prev), prev);
}
