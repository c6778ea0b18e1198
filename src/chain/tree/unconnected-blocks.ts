import type { Block } from '../../primitives/block.ts';
import type { BlockIndex } from './block-index.ts';

/** Serialized bytes; decoded blocks take several times as much memory. */
const MAX_BYTES = 8 << 20;

/**
 * A bounded cache of decoded blocks that are checked and stored but not connected, so that blocks that arrive out of
 * order need not be read and checked again.
 */
export class UnconnectedBlocks {
  /** Oldest first. */
  readonly #blocks = new Map<BlockIndex, Block>();
  #bytes = 0;

  /** Adds a block; evicts the oldest ones above the limit. */
  put(index: BlockIndex, block: Block): void {
    this.#blocks.set(index, block);
    this.#bytes += block.totalSize;
    for (const oldest of this.#blocks.keys()) {
      if (this.#bytes <= MAX_BYTES || oldest === index) return;
      this.take(oldest);
    }
  }

  /** Removes and returns a block; undefined if it is not cached. */
  take(index: BlockIndex): Block | undefined {
    const block = this.#blocks.get(index);
    if (block) {
      this.#blocks.delete(index);
      this.#bytes -= block.totalSize;
    }
    return block;
  }
}
