import { type BlockPool, ioBlocks, payloadBlocks } from './block-pool.ts';

/** Bytes allocated before a peer has sent that many; a longer payload then gets its full length. */
const INITIAL_CAPACITY = 256 * 1024;
/** Bytes up to which V8 keeps an array in its own heap. */
const SMALL = 64;

/** What becomes of a payload: it is used only until its message is handled, or may be kept as long as its content. */
export type PayloadUse = 'transient' | 'kept';

/**
 * Collects a payload of announced length from socket chunks, without allocating the whole length on the peer's word.
 */
export class PayloadBuffer {
  readonly #length: number;
  #bytes: Uint8Array;
  #filled = 0;
  readonly #pool: BlockPool | undefined;
  /** The block of `#pool` that `#bytes` belongs to, until it is released. */
  #block: Uint8Array | undefined;

  constructor(length: number, use: PayloadUse) {
    this.#length = length;
    this.#pool = use === 'transient' ? poolFor(length) : undefined;
    this.#block = this.#pool?.take();
    this.#bytes = this.#block?.subarray(0, length) ?? new Uint8Array(Math.min(length, INITIAL_CAPACITY));
  }

  /** Bytes of memory that the peer's bytes or our allocation take. A block's pages take memory when they are written. */
  get capacity(): number {
    return this.#block ? this.#filled : this.#bytes.length;
  }

  /** The payload; undefined until it is complete. */
  get payload(): Uint8Array | undefined {
    return this.#filled === this.#length ? this.#bytes : undefined;
  }

  /** Copies bytes of `chunk`, from offset `at`, that belong to the payload. Returns how many it consumed. */
  append(chunk: Uint8Array, at: number): number {
    if (this.#filled === this.#bytes.length && this.#filled < this.#length) {
      const full = new Uint8Array(this.#length);
      full.set(this.#bytes);
      this.#bytes = full;
    }
    const count = Math.min(this.#bytes.length - this.#filled, chunk.length - at);
    this.#bytes.set(chunk.subarray(at, at + count), this.#filled);
    this.#filled += count;
    return count;
  }

  /** Whether the memory is to be released. */
  get isBlock(): boolean {
    return this.#block !== undefined;
  }

  /** Gives a transient payload's memory back; its content is undefined from then on. */
  release(): void {
    if (this.#block) this.#pool?.give(this.#block);
    this.#block = undefined;
  }
}

/** Returns the pool whose blocks hold a transient payload; undefined if that gains nothing. */
function poolFor(length: number): BlockPool | undefined {
  if (length <= SMALL) return undefined;
  return length <= ioBlocks.blockSize ? ioBlocks : payloadBlocks;
}
