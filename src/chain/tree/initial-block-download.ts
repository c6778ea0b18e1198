import type { ChainParams } from '../../consensus/params.ts';
import { type Clock, unixSeconds } from '../../platform/clock.ts';
import type { BlockIndex } from './block-index.ts';

/** Seconds by which the tip may be behind our clock for the chain to count as up to date (Core: DEFAULT_MAX_TIP_AGE). */
const MAX_TIP_AGE = 24 * 60 * 60;

/** Whether a chain that ends here is still far behind: without the network's work, or old. */
export function isFarBehind({ chainwork, time }: BlockIndex, params: ChainParams, clock: Clock): boolean {
  return chainwork < params.minimumChainWork || time < unixSeconds(clock) - MAX_TIP_AGE;
}
