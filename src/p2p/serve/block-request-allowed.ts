import type { Chain } from '../../chain/chain.ts';
import type { BlockIndex } from '../../chain/tree/block-index.ts';

/** Whether a block is valid where it stands, being in the chain or having been: others would show what we have been sent. */
export function isBlockRequestAllowed(chain: Chain, index: BlockIndex): boolean {
  return chain.contains(index) || (!index.failed && index.hasUndo);
}
