import type { Chain } from '../../chain/chain.ts';
import type { BlockIndex } from '../../chain/tree/block-index.ts';
import type { HeaderView } from '../../chain/tree/header-view.ts';
import type { Block } from '../../primitives/block.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';

/** Looks up a block in the block tree by hash. Throws `RpcError` if it is unknown. */
export function findBlock(chain: HeaderView, hash: Uint8Array): BlockIndex {
  const index = chain.getIndex(hash);
  if (!index) throw new RpcError(RpcCode.INVALID_ADDRESS_OR_KEY, 'Block not found');
  return index;
}

/** Reads a block from disk. Throws `RpcError` if only its header is stored. */
export function readBlock(chain: Chain, index: BlockIndex): Block {
  const block = index.hasData ? chain.getBlock(index) : undefined;
  if (!block) throw new RpcError(RpcCode.MISC_ERROR, 'Block not available (not fully downloaded)');
  return block;
}
