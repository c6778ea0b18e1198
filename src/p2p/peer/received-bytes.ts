import { ioBlocks } from '../transport/block-pool.ts';

/**
 * Bytes framed at a time, which limits the time of decryption and checksums per slice, except for a long message's end.
 */
const PIECE = 8 * 1024;

/** A queue of received bytes that are not framed yet, in blocks. */
export class ReceivedBytes {
  /** Each is full but the last one. */
  #blocks: Uint8Array[] = [];
  /** Bytes taken from the first block. */
  #taken = 0;
  /** Bytes in the last block. */
  #filled = 0;

  /** Bytes of memory that the queue takes. */
  get cost(): number {
    return this.#blocks.length * ioBlocks.blockSize;
  }

  /** Appends a copy of `chunk`. */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#blocks.length === 0 || this.#filled === ioBlocks.blockSize) {
        this.#blocks.push(ioBlocks.take());
        this.#filled = 0;
      }
      const count = Math.min(ioBlocks.blockSize - this.#filled, chunk.length - at);
      this.#blocks.at(-1)!.set(chunk.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
    }
  }

  /** Removes the next bytes, at most `PIECE`; undefined if there are none. They are valid until the next call. */
  take(): Uint8Array | undefined {
    if (this.#blocks.length > 0 && this.#taken === this.#end) this.#shift();
    const block = this.#blocks[0];
    if (!block) return undefined;
    const start = this.#taken;
    this.#taken = Math.min(start + PIECE, this.#end);
    return block.subarray(start, this.#taken);
  }

  clear(): void {
    while (this.#blocks.length > 0) this.#shift();
  }

  /** Bytes in the first block. */
  get #end(): number {
    return this.#blocks.length === 1 ? this.#filled : ioBlocks.blockSize;
  }

  #shift(): void {
    ioBlocks.give(this.#blocks.shift()!);
    this.#taken = 0;
  }
}
