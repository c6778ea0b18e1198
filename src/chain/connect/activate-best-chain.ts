import { type BlockIndex, isBetter, lastCommonAncestor } from '../tree/block-index.ts';
import { connectTip, disconnectTip } from './connect-tip.ts';
import { tellRefusal } from './report-reject.ts';
import { type ChainState, emit } from './state.ts';

/**
 * Moves the tip to the best chain whose blocks are all there and valid (Core: ActivateBestChain). Blocks may arrive
 * meanwhile, and are connected as well. `mayStop` is asked after each block whether somebody else will go on from there.
 */
export async function activateBestChain(state: ChainState, mayStop: () => boolean = () => false): Promise<void> {
  const { tree, active, pipeline } = state;
  const previous = active.tip;
  let hasMoved = false;
  try {
    for (;;) {
      const goal = tree.mostWork(active.tip);
      const base = pipeline.last ?? active.tip;
      if (goal.ancestor(base.height) !== base) {
        pipeline.clear();
        // Nothing is on its way now, so this is the tip itself unless the goal is on another branch.
        if (base !== active.tip) continue;
        await disconnectTip(state);
        hasMoved = true;
      } else if (goal !== base && !pipeline.isFull) {
        pipeline.prepare(goal.ancestor(base.height + 1)!);
      } else if (pipeline.last) {
        if (await connectFirst(state)) hasMoved = true;
        if (!isBetter(previous, active.tip) && mayStop()) break;
      } else {
        break;
      }
    }
  } catch (error) {
    pipeline.clear();
    throw error;
  } finally {
    const { tip } = active;
    if (!tip.failed) tree.pruneCandidates(tip);
    if (hasMoved || tip !== previous) emit(state, 'tip', { tip, fork: lastCommonAncestor(previous, tip), previous });
  }
}

/** Connects the first block that is on its way. Should it be invalid, so are those behind it, and nothing has moved. */
async function connectFirst(state: ChainState): Promise<boolean> {
  const { pipeline } = state;
  const prepared = pipeline.shift();
  const refusal = await connectTip(state, prepared);
  if (!refusal) return true;
  const { index } = prepared;
  state.refusals.set(index, refusal);
  markInvalid(state, index);
  pipeline.clear();
  tellRefusal(state, { hash: index.hash, height: index.height, index, from: state.sources.get(index) }, refusal);
  return false;
}

/** Marks a block and its descendants as invalid, and says so if that changes the best header. */
export function markInvalid(state: ChainState, index: BlockIndex): void {
  const { tree } = state;
  const before = tree.bestHeader;
  tree.markFailed(index);
  if (tree.bestHeader !== before) emit(state, 'header', { best: tree.bestHeader });
}
