import { type BlockIndex, isBetter, lastCommonAncestor } from '../tree/block-index.ts';
import { connectTip, disconnectTip } from './connect-tip.ts';
import { reportReject } from './report-reject.ts';
import { type ChainState, emit } from './state.ts';

/**
 * Moves the tip to the valid chain with the most work whose bodies are all stored (Core: ActivateBestChain). Blocks
 * that arrive meanwhile are connected too. `mayStop` is called after each block: true if another call will continue.
 */
export async function activateBestChain(state: ChainState, mayStop: () => boolean = () => false): Promise<void> {
  const { tree, active, pipeline } = state;
  const previous = active.tip;
  let hasMoved = false;
  try {
    for (;;) {
      const goal = tree.findMostWork(active.tip);
      const base = pipeline.last ?? active.tip;
      if (goal.ancestor(base.height) !== base) {
        pipeline.clear();
        // The pipeline is empty now. If `base` is the tip, the goal is on another branch.
        if (base !== active.tip) continue;
        await disconnectTip(state);
        hasMoved = true;
      } else if (goal !== base && !pipeline.isFull) {
        await pipeline.prepare(goal.ancestor(base.height + 1)!);
      } else if (pipeline.last) {
        if (await connectNext(state)) hasMoved = true;
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
    if (hasMoved) {
      await settle(state);
      emit(state, 'tip', { tip, fork: lastCommonAncestor(previous, tip), previous });
    }
  }
}

/** Runs the steps that precede `tip`. Errors are collected as those of listeners. */
async function settle(state: ChainState): Promise<void> {
  for (const steps of state.beforeTip) {
    try {
      await state.slices.run(steps());
    } catch (error) {
      state.logger.error({ err: error }, 'chain event listener failed');
      state.listenerErrors.push(error);
    }
  }
}

/** Connects the first block of the pipeline. If it is invalid, drops the rest of the pipeline and returns false. */
async function connectNext(state: ChainState): Promise<boolean> {
  const { pipeline } = state;
  const prepared = pipeline.shift();
  const reject = await connectTip(state, prepared);
  if (!reject) return true;
  const { index } = prepared;
  state.rejects.set(index, reject);
  markInvalid(state, index);
  pipeline.clear();
  reportReject(state, { hash: index.hash, height: index.height, index, from: state.sources.get(index) }, reject);
  return false;
}

/** Marks a block and its descendants invalid; emits `header` if the best one changes (Core: InvalidBlockFound). */
export function markInvalid(state: ChainState, index: BlockIndex): void {
  const { tree } = state;
  const before = tree.bestHeader;
  tree.markFailed(index);
  if (tree.bestHeader !== before) emit(state, 'header', { best: tree.bestHeader });
}
