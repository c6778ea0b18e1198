import type { Chain } from '../../../chain/chain.ts';
import type { BlockIndex } from '../../../chain/tree/block-index.ts';
import type { Random } from '../../../platform/random.ts';
import type { Block } from '../../../primitives/block.ts';
import { randomNonce } from '../../peer/keep-alive.ts';
import { encodeMessage } from '../../wire/messages/index.ts';
import { toCompactBlock } from './compact-block.ts';

/** The newest block and its compact form, which several peers are about to ask for. */
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

  /** The block that was put here last. */
  get index(): BlockIndex | undefined {
    return this.#index;
  }

  put(index: BlockIndex, block: Block): void {
    this.#index = index;
    this.#block = block;
    this.#compact = undefined;
  }

  /** Any block whose body we have; undefined without one. */
  block(index: BlockIndex): Block | undefined {
    return index === this.#index ? this.#block : this.#chain.getBlock(index);
  }

  /** The payload of its `cmpctblock`; undefined without a body. */
  compact(index: BlockIndex): Uint8Array | undefined {
    if (index === this.#index && this.#compact) return this.#compact;
    const block = this.block(index);
    if (!block) return undefined;
    const payload = encodeMessage('cmpctblock', toCompactBlock(block, randomNonce(this.#random)));
    if (index === this.#index) this.#compact = payload;
    return payload;
  }
}
