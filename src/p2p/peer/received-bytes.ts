/**
 * Bytes framed at a time, which limits the time of decryption and checksums per slice, except for a long message's end.
 */
const PIECE = 8 * 1024;
/** Bytes a chunk is charged besides its content. */
const CHUNK_OVERHEAD = 256;

/** A queue of received bytes that are not framed yet. */
export class ReceivedBytes {
  #chunks: Uint8Array[] = [];
  /** Index of the first chunk in `#chunks`. */
  #head = 0;
  /** Bytes taken from the first chunk. */
  #taken = 0;
  #cost = 0;

  /** Bytes charged for the queued chunks. */
  get cost(): number {
    return this.#cost;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#cost += chunk.length + CHUNK_OVERHEAD;
  }

  clear(): void {
    this.#chunks = [];
    this.#head = 0;
    this.#taken = 0;
    this.#cost = 0;
  }

  /** Removes the next bytes, at most `PIECE`; undefined if there are none. */
  take(): Uint8Array | undefined {
    const chunk = this.#chunks[this.#head];
    if (!chunk) return undefined;
    const start = this.#taken;
    const end = Math.min(start + PIECE, chunk.length);
    if (end === chunk.length) this.#shift(chunk);
    else this.#taken = end;
    return start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end);
  }

  #shift(chunk: Uint8Array): void {
    this.#taken = 0;
    this.#cost -= chunk.length + CHUNK_OVERHEAD;
    this.#head++;
    // The amortized cost is constant.
    if (this.#head * 2 < this.#chunks.length) return;
    this.#chunks.splice(0, this.#head);
    this.#head = 0;
  }
}
