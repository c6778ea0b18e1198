/** Bytes of messages between two collections. */
const INTERVAL = 4 << 20;

/**
 * Collects young objects as messages are received and sent. By itself V8 does so when it has allocated 16 MB in its own
 * heap, or 32 MB outside of it: that much memory of messages which are long handled would then be spread over the C
 * library's heap, and keep it large.
 */
export class YoungMemory {
  readonly #collect: () => void;
  /** Bytes since the last collection. */
  #bytes = 0;

  /** `collect` collects young objects, in a millisecond or two. */
  constructor(collect: () => void) {
    this.#collect = collect;
  }

  /** A message of so many bytes was received or sent. */
  moved(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < INTERVAL) return;
    this.#bytes = 0;
    this.#collect();
  }
}
