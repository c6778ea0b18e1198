import type { Chain } from '../chain/chain.ts';
import type { HeaderSync } from './header-sync.ts';

/**
 * Whether there is reason to think that the network has blocks which we lack. Core goes by the tip's age alone; a
 * network that nobody has mined on for a day would then relay nothing, not even the transactions that a miner waits
 * for. So an old tip counts only while a better chain is known or asked for.
 */
export function isCatchingUp(chain: Chain, headers: HeaderSync): boolean {
  if (!chain.isInitialBlockDownload) return false;
  return headers.isActive || chain.bestHeader.chainwork > chain.tip.chainwork;
}
