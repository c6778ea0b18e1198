import type { HeaderView } from '../../chain/tree/header-view.ts';
import { type Clock, unixSeconds } from '../../platform/clock.ts';

/** Block intervals up to which the tip's age counts as recent (Core: CanDirectFetch). */
const RECENT_INTERVALS = 20;

/** Returns whether our tip is recent, so that the mempool is likely to hold the next block's transactions. */
export function canDirectFetch({ tip, params }: HeaderView, clock: Clock): boolean {
  return tip.time > unixSeconds(clock) - RECENT_INTERVALS * params.powTargetSpacing;
}
