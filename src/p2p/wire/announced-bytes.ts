/** As much is allocated on a peer's word; what is longer gets its full room once this much has come. */
const TRUSTED_LENGTH = 256 * 1024;

/** Bytes whose number a peer has announced, gathered from the chunks they come in. */
export class AnnouncedBytes {
  readonly #length: number;
  #bytes: Uint8Array;
  #filled = 0;

  constructor(length: number) {
    this.#length = length;
    this.#bytes = new Uint8Array(Math.min(length, TRUSTED_LENGTH));
  }

  /** Bytes of memory held. */
  get held(): number {
    return this.#bytes.length;
  }

  /** All of them, once they have come. */
  get whole(): Uint8Array | undefined {
    return this.#filled === this.#length ? this.#bytes : undefined;
  }

  /** Copies what is wanted of `chunk` from `at` on, out of the socket's larger buffer, and returns how many bytes. */
  take(chunk: Uint8Array, at: number): number {
    if (this.#filled === this.#bytes.length && this.#filled < this.#length) {
      const room = new Uint8Array(this.#length);
      room.set(this.#bytes);
      this.#bytes = room;
    }
    const taken = Math.min(this.#bytes.length - this.#filled, chunk.length - at);
    this.#bytes.set(chunk.subarray(at, at + taken), this.#filled);
    this.#filled += taken;
    return taken;
  }
}
