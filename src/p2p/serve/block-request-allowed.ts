import type { Chain } from '../../chain/chain.ts';
import type { BlockIndex } from '../../chain/tree/block-index.ts';

/**
 * Returns whether a block may be served: it is, or once was, in the active chain (Core: BlockRequestAllowed). To serve
 * other blocks would reveal which ones this node has received.
 */
export function isBlockRequestAllowed(chain: Chain, index: BlockIndex): boolean {
  return chain.contains(index) || (!index.failed && index.hasUndo);
}
