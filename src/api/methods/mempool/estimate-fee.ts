import { MAX_BLOCK_WEIGHT } from '../../../consensus/limits.ts';
import type { MempoolEntry } from '../../../mempool/entry.ts';
import type { Mempool } from '../../../mempool/mempool.ts';
import { WITNESS_SCALE_FACTOR } from '../../../primitives/transaction.ts';

/**
 * Estimates the fee rate, in satoshis per 1,000 virtual bytes, to confirm within `blocks` blocks, if
 * these take the current mempool in order of fee rate. It is just above that of the first
 * transaction that does not fit, and at least the mempool's minimum.
 */
export function estimateFeeRate(mempool: Mempool, blocks: number): bigint {
  const least = mempool.minFeeRate();
  let room = (blocks * MAX_BLOCK_WEIGHT) / WITNESS_SCALE_FACTOR;
  if (mempool.bytes <= room) return least;
  const queue = [...mempool.entries()]
    .map((entry) => ({ vsize: entry.vsize, rate: ancestorScore(entry) }))
    .sort((a, b) => (a.rate < b.rate ? 1 : a.rate > b.rate ? -1 : 0));
  for (const { vsize, rate } of queue) {
    room -= vsize;
    if (room < 0) return rate + 1n > least ? rate + 1n : least;
  }
  return least;
}

/** Returns the lower of the fee rates with and without ancestors, in satoshis per 1,000 virtual bytes. */
function ancestorScore(entry: MempoolEntry): bigint {
  const own = (entry.modifiedFee * 1000n) / BigInt(entry.vsize);
  const withAncestors = (entry.ancestorFees * 1000n) / BigInt(entry.ancestorSize);
  return own < withAncestors ? own : withAncestors;
}
