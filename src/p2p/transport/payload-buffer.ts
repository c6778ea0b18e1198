/** Bytes allocated before a peer has sent that many; a longer payload then gets its full length. */
const INITIAL_CAPACITY = 256 * 1024;

/**
 * Collects a payload of announced length from socket chunks, without allocating the whole length on the peer's word.
 */
export class PayloadBuffer {
  readonly #length: number;
  #bytes: Uint8Array;
  #filled = 0;

  constructor(length: number) {
    this.#length = length;
    this.#bytes = new Uint8Array(Math.min(length, INITIAL_CAPACITY));
  }

  /** Bytes of memory allocated. */
  get capacity(): number {
    return this.#bytes.length;
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
}
