import type { Chain } from '../../../chain/chain.ts';
import type { BlockIndex } from '../../../chain/tree/block-index.ts';
import { ByteCache } from '../../../platform/byte-cache.ts';
import type { Random } from '../../../platform/random.ts';
import type { Block } from '../../../primitives/block.ts';
import { randomNonce } from '../../peer/keep-alive.ts';
import { encodeMessage } from '../../wire/messages/index.ts';
import { toCompactBlock } from './compact-block.ts';

/** Bytes of compact blocks kept besides the most recent one's: more than those of all blocks that are sent in this form. */
const MAX_COMPACT_BYTES = 4_000_000;

/**
 * Caches the most recent block, and the compact forms of recent blocks, which several peers request (Core:
 * m_most_recent_block).
 */
export class RecentBlock {
  readonly #chain: Chain;
  readonly #random: Random;
  #index: BlockIndex | undefined;
  #block: Block | undefined;
  readonly #compacts = new ByteCache<BlockIndex, Uint8Array>(MAX_COMPACT_BYTES, ({ length }) => length);

  constructor(modules: { readonly chain: Chain; readonly random: Random }) {
    this.#chain = modules.chain;
    this.#random = modules.random;
  }

  /** Index of the most recent block. */
  get index(): BlockIndex | undefined {
    return this.#index;
  }

  /** Replaces the most recent block. */
  put(index: BlockIndex, block: Block): void {
    this.#index = index;
    this.#block = block;
  }

  /** Returns any block, cached or read from the chain; undefined if its data is missing. */
  block(index: BlockIndex): Block | undefined {
    return index === this.#index ? this.#block : this.#chain.getBlock(index);
  }

  /** Returns the payload of any block's `cmpctblock`; undefined if its data is missing. */
  compact(index: BlockIndex): Uint8Array | undefined {
    return this.#compacts.get(index, () => {
      const block = this.block(index);
      return block && encodeMessage('cmpctblock', toCompactBlock(block, randomNonce(this.#random)));
    });
  }
}
