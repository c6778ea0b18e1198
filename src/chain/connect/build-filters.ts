import type { FilterIndex } from '../filters/filter-index.ts';
import { corrupt } from '../records/errors.ts';
import { readBlockInSteps } from '../storage/read-block.ts';
import { pause } from './pause.ts';
import type { ChainState } from './state.ts';

/** Limits of one job, so that blocks do not wait long behind it. */
const SLICE_BLOCKS = 200;
const SLICE_BYTES = 1 << 20;

/** Builds the next missing filters of the active chain, lowest block first. */
export async function buildFilters(state: ChainState, filters: FilterIndex): Promise<void> {
  const { active, db, params, slices } = state;
  const start = (filters.best?.height ?? -1) + 1;
  let bytes = 0;
  for (let height = start; height < start + SLICE_BLOCKS && bytes < SLICE_BYTES; height++) {
    const index = active.at(height);
    if (!index) return;
    const block = await slices.run(readBlockInSteps(db, index, params));
    const undo = height === 0 ? [] : await slices.run(db.undoInSteps(index));
    if (!undo) throw corrupt(`the undo data of block ${index.hashHex} is missing`);
    await slices.run(filters.addInSteps(index, block, undo));
    bytes += block.totalSize;
    await pause(state);
  }
}
