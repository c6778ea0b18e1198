import { ChainError } from '../records/errors.ts';
import type { BlockIndex } from '../tree/block-index.ts';
import { activateBestChain } from './activate-best-chain.ts';
import { type ChainState, emit } from './state.ts';

/** Marks a block and its descendants invalid (Core: `invalidateblock`). Throws `ChainError` for genesis. */
export async function invalidateBlock(state: ChainState, index: BlockIndex): Promise<void> {
  const { tree, active } = state;
  if (!index.prev) throw new ChainError('genesis', 'the genesis block cannot be invalidated');
  const headerBefore = tree.bestHeader;
  tree.markFailed(index);
  if (active.contains(index)) tree.collectCandidates(index.prev);
  if (tree.bestHeader !== headerBefore) emit(state, 'header', { best: tree.bestHeader });
  await activateBestChain(state);
}

/** Removes the invalid mark from a block, its ancestors and its descendants (Core: `reconsiderblock`). */
export async function reconsiderBlock(state: ChainState, index: BlockIndex): Promise<void> {
  const { tree, active } = state;
  const headerBefore = tree.bestHeader;
  tree.clearFailed(index);
  tree.collectCandidates(active.tip);
  if (tree.bestHeader !== headerBefore) emit(state, 'header', { best: tree.bestHeader });
  await activateBestChain(state);
}

/** Prefers a block over others with equal work, as if it had arrived first (Core: `preciousblock`). */
export async function preciousBlock(state: ChainState, index: BlockIndex): Promise<void> {
  const { tree, active } = state;
  if (index.chainwork < active.tip.chainwork) return;
  tree.prefer(index);
  await activateBestChain(state);
}
