import { equalBytes } from '../../bytes/compare.ts';
import { DecodeError } from '../../bytes/errors.ts';
import { ByteReader } from '../../bytes/reader.ts';
import type { Chain } from '../../chain/chain.ts';
import type { BlockIndex } from '../../chain/tree/block-index.ts';
import type { HeaderView } from '../../chain/tree/header-view.ts';
import { Block } from '../../primitives/block.ts';
import { BlockHeader } from '../../primitives/header.ts';
import { Transaction } from '../../primitives/transaction.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';
import type { Step } from '../json/step.ts';

/** Looks up a block in the block tree by hash. Throws `RpcError` if it is unknown. */
export function findBlock(chain: HeaderView, hash: Uint8Array): BlockIndex {
  const index = chain.getIndex(hash);
  if (!index) throw new RpcError(RpcCode.INVALID_ADDRESS_OR_KEY, 'Block not found');
  return index;
}

/** Returns the bytes of a block, which must not be modified. Throws `RpcError` if only its header is stored. */
export function readRawBlock(chain: Chain, index: BlockIndex): Uint8Array {
  const raw = index.hasData ? chain.getRawBlock(index) : undefined;
  if (!raw) throw new RpcError(RpcCode.MISC_ERROR, 'Block not available (not fully downloaded)');
  return raw;
}

/** Reads a block from disk, one transaction after the other. Rejects with `RpcError` if only its header is stored. */
export async function readBlock(chain: Chain, index: BlockIndex, step: Step): Promise<Block> {
  const raw = readRawBlock(chain, index);
  try {
    const reader = new ByteReader(raw);
    const header = BlockHeader.read(reader);
    const transactions: Transaction[] = [];
    for (let left = reader.compactSize(); left > 0; left--) {
      const pause = step();
      if (pause) await pause;
      transactions.push(Transaction.read(reader));
    }
    reader.end();
    if (equalBytes(header.hash, index.hash)) return new Block(header, transactions, raw);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
  // The chain's own error for damaged data.
  return chain.getBlock(index)!;
}
