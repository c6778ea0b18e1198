/**
 * Bytes from which blocks are cut. The C library maps an allocation of more than 32 MB by itself: its pages take no
 * memory until they are written, and go back to the system at once. Smaller ones leave its heap in fragments, which
 * stay with the process.
 */
const SLAB = 33 << 20;

/**
 * Memory for the messages of peers, in blocks that are used again and again: memory allocated for each message would be
 * garbage until the next collection. Pools exist as long as the process.
 */
export class BlockPool {
  static readonly #all: BlockPool[] = [];
  readonly blockSize: number;
  /** Undefined, or full, if the next block needs a new one. */
  #slab: ArrayBuffer | undefined;
  /** Bytes of `#slab` that are cut into blocks. */
  #cut = 0;
  #free: Uint8Array[] = [];
  #used = 0;

  constructor(blockSize: number) {
    this.blockSize = blockSize;
    BlockPool.#all.push(this);
  }

  /** Returns the memory of all unused pools to the system. */
  static trimAll(): void {
    for (const pool of BlockPool.#all) pool.trim();
  }

  /** Blocks in use. */
  get used(): number {
    return this.#used;
  }

  /** Returns a block, whose content is undefined. */
  take(): Uint8Array {
    this.#used++;
    return this.#free.pop() ?? this.#cutBlock();
  }

  #cutBlock(): Uint8Array {
    if (!this.#slab || this.#cut + this.blockSize > SLAB) {
      this.#slab = new ArrayBuffer(SLAB);
      this.#cut = 0;
    }
    const block = new Uint8Array(this.#slab, this.#cut, this.blockSize);
    this.#cut += this.blockSize;
    return block;
  }

  /** Gives a block back; the caller no longer uses it. */
  give(block: Uint8Array): void {
    this.#used--;
    this.#free.push(block);
  }

  /** Returns the memory to the system if no block is in use. */
  trim(): void {
    if (this.#used > 0) return;
    this.#free = [];
    this.#slab = undefined;
  }
}

/** Blocks for bytes that are received but not framed, and for short messages to be written. */
export const ioBlocks = new BlockPool(16 * 1024);
/** Blocks for long payloads: the longest message and what its encryption adds. */
export const payloadBlocks = new BlockPool(4 << 20);
