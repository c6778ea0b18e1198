import type { Block } from '../../primitives/block.ts';
import type { BlockIndex } from './block-index.ts';

/** Encoded bytes; decoded, the blocks take several times as much. */
const MAX_BYTES = 8 << 20;

/**
 * Blocks that have been checked and stored but not connected, in their decoded form, so that those whose parents arrive
 * late need not be read and checked again. Bounded: what is not found here is in the store.
 */
export class UnconnectedBlocks {
  /** The oldest first. */
  readonly #blocks = new Map<BlockIndex, Block>();
  #bytes = 0;

  put(index: BlockIndex, block: Block): void {
    this.#blocks.set(index, block);
    this.#bytes += block.totalSize;
    for (const oldest of this.#blocks.keys()) {
      if (this.#bytes <= MAX_BYTES || oldest === index) return;
      this.take(oldest);
    }
  }

  take(index: BlockIndex): Block | undefined {
    const block = this.#blocks.get(index);
    if (block) {
      this.#blocks.delete(index);
      this.#bytes -= block.totalSize;
    }
    return block;
  }
}
