import type { BlockIndex } from '../../../chain/tree/block-index.ts';
import type { ChainParams } from '../../../consensus/params.ts';

/** Seconds within which a block is recent: then heights tell more than its time does. */
const RECENT_SECONDS = 2 * 60 * 60;

/**
 * The part of the network's transactions that the chain up to `tip` holds, as a guess from 0 to 1
 * (Core: GuessVerificationProgress). `now` in Unix seconds.
 */
export function verificationProgress(
  tip: Pick<BlockIndex, 'height' | 'time' | 'chainTxCount'>,
  bestHeight: number,
  { chainTxData, powTargetSpacing }: Pick<ChainParams, 'chainTxData' | 'powTargetSpacing'>,
  now: number,
): number {
  const { time, txCount, txRate } = chainTxData;
  const { chainTxCount } = tip;
  if (chainTxCount === 0) return 0;
  const isRecent = Math.abs(now - tip.time) <= RECENT_SECONDS && bestHeight >= tip.height;
  const missingSeconds = isRecent ? (bestHeight - tip.height) * powTargetSpacing : now - tip.time;
  const total = chainTxCount <= txCount ? txCount + (now - time) * txRate : chainTxCount + missingSeconds * txRate;
  return Math.min(chainTxCount / total, 1);
}
