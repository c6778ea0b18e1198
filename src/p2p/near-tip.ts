import type { Chain } from '../chain/chain.ts';
import { blockWork } from '../consensus/pow.ts';
import { type Clock, unixSeconds } from '../platform/clock.ts';

/** With a tip no older than this many block intervals, new blocks are fetched as they are announced (Core: CanDirectFetch). */
const RECENT_INTERVALS = 20;
/** A chain this many blocks' work behind ours is not worth storing. */
const WORTHWHILE_BLOCKS = 144n;

/** Whether our tip is so young that our mempool is likely to hold what the next block does. */
export function isTipRecent({ tip, params }: Chain, clock: Clock): boolean {
  return tip.time > unixSeconds(clock) - RECENT_INTERVALS * params.powTargetSpacing;
}

/**
 * The work that a chain must have for its headers to be stored: what ours had a day ago. Storing less would let anybody
 * fill our memory for little (Core: GetAntiDoSWorkThreshold).
 */
export function worthwhileWork({ tip, params }: Chain): bigint {
  const slack = WORTHWHILE_BLOCKS * blockWork(tip.bits);
  const nearTip = tip.chainwork > slack ? tip.chainwork - slack : 0n;
  return nearTip > params.minimumChainWork ? nearTip : params.minimumChainWork;
}
