import type { ChainParams } from '../../consensus/params.ts';
import { type Clock, unixSeconds } from '../../platform/clock.ts';
import type { BlockIndex } from './block-index.ts';

/** Seconds that the tip may be behind our clock while the chain counts as up to date (Core: DEFAULT_MAX_TIP_AGE). */
const MAX_TIP_AGE = 24 * 60 * 60;

/** Returns whether the tip has too little chainwork or is too old (Core: IsInitialBlockDownload). */
export function isFarBehind({ chainwork, time }: BlockIndex, params: ChainParams, clock: Clock): boolean {
  return chainwork < params.minimumChainWork || time < unixSeconds(clock) - MAX_TIP_AGE;
}
