import { checkBlockInSteps } from '../../consensus/block-check.ts';
import type { ChainParams } from '../../consensus/params.ts';
import type { Block } from '../../primitives/block.ts';
import { corrupt } from '../records/errors.ts';
import type { BlockIndex } from '../tree/block-index.ts';
import type { ChainDb } from './chain-db.ts';

/** Reads a block and checks it again, in steps (Core: ReadBlock). Throws `ChainError` if it is missing or invalid. */
export function* readBlockInSteps(db: ChainDb, index: BlockIndex, params: ChainParams): Generator<void, Block> {
  const block = yield* db.blockInSteps(index);
  if (!block) throw corrupt(`the body of block ${index.hashHex} is missing`);
  const reject = yield* checkBlockInSteps(block, params);
  if (reject) throw corrupt(`stored block ${index.hashHex} is invalid (${reject.reason})`);
  return block;
}
