import { checkBlock } from '../../consensus/block-check.ts';
import type { ChainParams } from '../../consensus/params.ts';
import type { Block } from '../../primitives/block.ts';
import { corrupt } from '../records/errors.ts';
import type { BlockIndex } from '../tree/block-index.ts';
import type { ChainDb } from './chain-db.ts';

/** A stored block was checked before it was stored: should it not pass now, the store is to blame. */
export function readBlock(db: ChainDb, index: BlockIndex, params: ChainParams): Block {
  const block = db.block(index);
  if (!block) throw corrupt(`the body of block ${index.hashHex} is missing`);
  const refusal = checkBlock(block, params);
  if (refusal) throw corrupt(`block ${index.hashHex} has changed (${refusal.reason})`);
  return block;
}
