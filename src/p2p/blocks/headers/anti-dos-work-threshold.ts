import type { BlockIndex } from '../../../chain/tree/block-index.ts';
import type { HeaderView } from '../../../chain/tree/header-view.ts';
import { blockWork } from '../../../consensus/pow.ts';
import type { BlockHeader } from '../../../primitives/header.ts';

/** Blocks of work by which a stored chain may be behind the tip (Core: GetAntiDoSWorkThreshold). */
const ANTI_DOS_BLOCKS = 144n;

/**
 * Returns the work a peer's chain must have for its headers to be stored: the network's minimum, or our tip's work less
 * 144 blocks (Core: GetAntiDoSWorkThreshold). Headers of more work are stored without limit, since their work is as
 * costly as ours. On regtest it is no protection, as in Core.
 */
export function antiDosWorkThreshold({ tip, params }: Pick<HeaderView, 'tip' | 'params'>): bigint {
  const slack = ANTI_DOS_BLOCKS * blockWork(tip.bits);
  const nearTip = tip.chainwork > slack ? tip.chainwork - slack : 0n;
  return nearTip > params.minimumChainWork ? nearTip : params.minimumChainWork;
}

/** Returns the work that a chain of `headers` on `parent` claims (Core: CalculateClaimedHeadersWork). */
export function claimedHeadersWork(parent: BlockIndex, headers: readonly BlockHeader[]): bigint {
  let work = parent.chainwork;
  for (const header of headers) work += blockWork(header.bits);
  return work;
}
