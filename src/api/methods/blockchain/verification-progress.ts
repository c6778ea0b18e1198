import type { BlockIndex } from '../../../chain/tree/block-index.ts';
import type { ChainParams } from '../../../consensus/params.ts';

/** Seconds within which a tip counts as recent: progress is then estimated from heights instead of times. */
const RECENT_SECONDS = 2 * 60 * 60;

/**
 * Estimates the share, from 0 to 1, of the network's transactions that the chain up to `tip` contains (Core:
 * GuessVerificationProgress). `now` is in Unix seconds.
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
