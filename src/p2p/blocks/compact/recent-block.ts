import type { Chain } from '../../../chain/chain.ts';
import type { BlockIndex } from '../../../chain/tree/block-index.ts';
import type { Random } from '../../../platform/random.ts';
import type { Block } from '../../../primitives/block.ts';
import { randomNonce } from '../../peer/keep-alive.ts';
import { encodeMessage } from '../../wire/messages/index.ts';
import { toCompactBlock } from './compact-block.ts';

/** Caches the most recent block and its compact form, which several peers request (Core: m_most_recent_block). */
export class RecentBlock {
  readonly #chain: Chain;
  readonly #random: Random;
  #index: BlockIndex | undefined;
  #block: Block | undefined;
  #compact: Uint8Array | undefined;

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
    this.#compact = undefined;
  }

  /** Returns any block, cached or read from the chain; undefined if its data is missing. */
  block(index: BlockIndex): Block | undefined {
    return index === this.#index ? this.#block : this.#chain.getBlock(index);
  }

  /** Returns the payload of any block's `cmpctblock`; undefined if its data is missing. */
  compact(index: BlockIndex): Uint8Array | undefined {
    if (index === this.#index && this.#compact) return this.#compact;
    const block = this.block(index);
    if (!block) return undefined;
    const payload = encodeMessage('cmpctblock', toCompactBlock(block, randomNonce(this.#random)));
    if (index === this.#index) this.#compact = payload;
    return payload;
  }
}
