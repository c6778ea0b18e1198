import type { HeaderView } from '../../chain/tree/header-view.ts';
import { type Clock, unixSeconds } from '../../platform/clock.ts';

/** With a tip no older than this many block intervals, new blocks are fetched as they are announced (Core: CanDirectFetch). */
const RECENT_INTERVALS = 20;
/** Whether our tip is so young that our mempool is likely to hold what the next block does. */
export function canDirectFetch({ tip, params }: HeaderView, clock: Clock): boolean {
  return tip.time > unixSeconds(clock) - RECENT_INTERVALS * params.powTargetSpacing;
}
