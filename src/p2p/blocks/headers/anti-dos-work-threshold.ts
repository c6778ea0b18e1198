import type { BlockIndex } from '../../../chain/tree/block-index.ts';
import type { HeaderView } from '../../../chain/tree/header-view.ts';
import { blockWork } from '../../../consensus/pow.ts';
import type { BlockHeader } from '../../../primitives/header.ts';

/** A chain this many blocks' work behind ours is not worth storing. */
const WORTHWHILE_BLOCKS = 144n;

/**
 * The work that a peer's chain must have for its headers to be stored: the network's minimum, or about what ours had a
 * day ago (Core: GetAntiDoSWorkThreshold). Headers above it are stored without limit, since they cost their maker as
 * much as ours did. On regtest that is nothing; there, as in Core, nobody but ourselves can fill our memory.
 */
export function antiDosWorkThreshold({ tip, params }: Pick<HeaderView, 'tip' | 'params'>): bigint {
  const slack = WORTHWHILE_BLOCKS * blockWork(tip.bits);
  const nearTip = tip.chainwork > slack ? tip.chainwork - slack : 0n;
  return nearTip > params.minimumChainWork ? nearTip : params.minimumChainWork;
}

/** The work of the chain to which `headers` on top of `parent` claim to lead. */
export function claimedHeadersWork(parent: BlockIndex, headers: readonly BlockHeader[]): bigint {
  let work = parent.chainwork;
  for (const header of headers) work += blockWork(header.bits);
  return work;
}
