import { MAX_BLOCK_WEIGHT } from '../../../consensus/limits.ts';
import type { MempoolEntry } from '../../../mempool/entry.ts';
import type { Mempool } from '../../../mempool/mempool.ts';
import { WITNESS_SCALE_FACTOR } from '../../../primitives/transaction.ts';

/**
 * Satoshis per 1,000 virtual bytes that bring a transaction into one of the next `blocks`, if these take what is in the
 * mempool now, best fee rate first: just more than the first one pays that finds no room.
 */
export function estimateFeeRate(mempool: Mempool, blocks: number): bigint {
  const least = mempool.minFeeRate();
  let room = (blocks * MAX_BLOCK_WEIGHT) / WITNESS_SCALE_FACTOR;
  if (mempool.bytes <= room) return least;
  const queue = [...mempool.entries()]
    .map((entry) => ({ vsize: entry.vsize, rate: miningRate(entry) }))
    .sort((a, b) => (a.rate < b.rate ? 1 : a.rate > b.rate ? -1 : 0));
  for (const { vsize, rate } of queue) {
    room -= vsize;
    if (room < 0) return rate + 1n > least ? rate + 1n : least;
  }
  return least;
}

/** Satoshis per 1,000 virtual bytes that count when blocks are made: its own, or less for ancestors that pay less. */
function miningRate(entry: MempoolEntry): bigint {
  const own = (entry.modifiedFee * 1000n) / BigInt(entry.vsize);
  const withAncestors = (entry.ancestorFees * 1000n) / BigInt(entry.ancestorSize);
  return own < withAncestors ? own : withAncestors;
}
