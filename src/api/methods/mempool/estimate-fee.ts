import { MAX_BLOCK_WEIGHT } from '../../../consensus/limits.ts';
import type { MempoolEntry } from '../../../mempool/entry.ts';
import type { Mempool } from '../../../mempool/mempool.ts';
import { WITNESS_SCALE_FACTOR } from '../../../primitives/transaction.ts';
import type { Step } from '../../json/step.ts';

/** Highest fee rate that is told from others: a transaction can be prioritised beyond exact doubles. */
const MAX_RATE = 2 ** 52;

/**
 * Estimates the fee rate, in satoshis per 1,000 virtual bytes, to confirm within `blocks` blocks, if
 * these take the current mempool in order of fee rate. It is just above that of the first
 * transaction that does not fit, and at least the mempool's minimum. Calls `step` between parts of the computation.
 */
export async function estimateFeeRate(mempool: Mempool, blocks: number, step: Step): Promise<bigint> {
  const least = mempool.minFeeRate();
  const room = (blocks * MAX_BLOCK_WEIGHT) / WITNESS_SCALE_FACTOR;
  if (mempool.bytes <= room) return least;
  const entries = [...mempool.entries()];
  const rates = new Float64Array(entries.length);
  const sizes = new Uint32Array(entries.length);
  for (const [i, entry] of entries.entries()) {
    const pause = step();
    if (pause) await pause;
    rates[i] = Math.min(Number(ancestorScore(entry)), MAX_RATE);
    sizes[i] = entry.vsize;
  }
  // The highest fee rate such that transactions of it or more do not fit, by bisection: sorting would block.
  let low = Number(least) - 1;
  let high = rates.reduce((most, rate) => Math.max(most, rate), low) + 1;
  while (high - low > 1) {
    const pause = step();
    if (pause) await pause;
    const middle = Math.floor((low + high) / 2);
    if (sizeFrom(middle, rates, sizes) > room) low = middle;
    else high = middle;
  }
  return BigInt(low + 1);
}

/** Returns the virtual bytes of the transactions with at least a fee rate. */
function sizeFrom(rate: number, rates: Float64Array, sizes: Uint32Array): number {
  let total = 0;
  for (let i = 0; i < rates.length; i++) if (rates[i]! >= rate) total += sizes[i]!;
  return total;
}

/** Returns the lower of the fee rates with and without ancestors, in satoshis per 1,000 virtual bytes. */
function ancestorScore(entry: MempoolEntry): bigint {
  const own = (entry.modifiedFee * 1000n) / BigInt(entry.vsize);
  const withAncestors = (entry.ancestorFees * 1000n) / BigInt(entry.ancestorSize);
  return own < withAncestors ? own : withAncestors;
}
