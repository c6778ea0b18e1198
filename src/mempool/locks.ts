import type { BlockIndex } from '../chain/tree/block-index.ts';
import type { Coin } from '../consensus/coins.ts';
import { isFinalTx, sequenceLocks } from '../consensus/locks.ts';
import type { Transaction } from '../primitives/transaction.ts';
import { MEMPOOL_HEIGHT } from './entry.ts';

/** Whether the lock time lets `tx` into the block after `tip` (Core: CheckFinalTxAtTip; BIP113). */
export function isFinalAfter(tx: Transaction, tip: BlockIndex): boolean {
  return isFinalTx(tx, tip.height + 1, tip.medianTimePast());
}

/** Whether BIP68 lets `tx` into the block after `tip`, with what it spends in the mempool in that same block. */
export function isUnlockedAfter(tx: Transaction, coins: readonly Coin[], tip: BlockIndex): boolean {
  const heights = coins.map(({ height }) => (height === MEMPOOL_HEIGHT ? tip.height + 1 : height));
  return sequenceLocks(tx, heights, tip);
}

/** BIP68: set, the sequence is no relative lock. */
const SEQUENCE_LOCK_DISABLE_FLAG = 0x8000_0000;

/** Whether BIP68 asks anything of `tx`. */
export function hasRelativeLock(tx: Transaction): boolean {
  return tx.version >= 2 && tx.inputs.some(({ sequence }) => (sequence & SEQUENCE_LOCK_DISABLE_FLAG) === 0);
}
