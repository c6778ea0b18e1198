import type { BlockReject } from '../consensus/block-check.ts';
import { type BlockIndex, lastCommonAncestor } from './block-index.ts';
import { type ChainState, emit } from './state.ts';
import { connectTip, disconnectTip } from './tip.ts';

/**
 * Moves the tip to the best chain whose blocks are all there and valid (Core: ActivateBestChain). Returns the blocks
 * that turned out invalid on the way, and why.
 */
export async function activateBestChain(state: ChainState): Promise<Map<BlockIndex, BlockReject>> {
  const { tree, active } = state;
  const failures = new Map<BlockIndex, BlockReject>();
  const previous = active.tip;
  try {
    for (;;) {
      const goal = tree.mostWork(active.tip);
      if (goal === active.tip) break;
      await moveTo(state, goal, failures);
    }
  } finally {
    const { tip } = active;
    if (!tip.failed) tree.pruneCandidates(tip);
    if (tip !== previous) emit(state, 'tip', { tip, fork: lastCommonAncestor(previous, tip), previous });
  }
  return failures;
}

/** Goes towards `goal` until it is reached or a block on the way is invalid. */
async function moveTo(state: ChainState, goal: BlockIndex, failures: Map<BlockIndex, BlockReject>): Promise<void> {
  const { active } = state;
  const fork = active.findFork(goal);
  while (active.tip !== fork) await disconnectTip(state);

  const path: BlockIndex[] = [];
  for (let at = goal; at !== fork; at = at.prev!) path.push(at);
  for (let next = path.pop(); next; next = path.pop()) {
    const refusal = await connectTip(state, next);
    if (!refusal) continue;
    failures.set(next, refusal);
    markInvalid(state, next);
    return;
  }
}

/** Marks a block and its descendants as invalid, and says so if that changes the best header. */
export function markInvalid(state: ChainState, index: BlockIndex): void {
  const { tree } = state;
  const before = tree.bestHeader;
  tree.markFailed(index);
  if (tree.bestHeader !== before) emit(state, 'header', { best: tree.bestHeader });
}
