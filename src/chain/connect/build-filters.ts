import type { FilterIndex } from '../filters/filter-index.ts';
import { corrupt } from '../records/errors.ts';
import { readBlock } from '../storage/read-block.ts';
import { type ChainState, pause } from './state.ts';

/** So much is done before other jobs of the chain have their turn. */
const SLICE_BLOCKS = 200;
const SLICE_BYTES = 1 << 20;

/** Adds some of the blocks of the active chain that the index of filters lacks, the lowest first. */
export async function buildFilters(state: ChainState, filters: FilterIndex): Promise<void> {
  const { active, db, params } = state;
  const start = (filters.best?.height ?? -1) + 1;
  let bytes = 0;
  for (let height = start; height < start + SLICE_BLOCKS && bytes < SLICE_BYTES; height++) {
    const index = active.at(height);
    if (!index) return;
    const block = readBlock(db, index, params);
    const undo = height === 0 ? [] : db.undo(index);
    if (!undo) throw corrupt(`what block ${index.hashHex} spends is missing`);
    filters.add(index, block, undo);
    bytes += block.totalSize;
    await pause(state, block.totalSize);
  }
}
