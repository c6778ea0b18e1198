import type { ProcessMemory } from './idle-memory.ts';

/** Bytes of messages between two collections of young objects. */
const YOUNG_INTERVAL = 4 << 20;
/** Collections of young objects for one of all objects. */
const YOUNG_PER_FULL = 16;
/** Bytes of V8's heap above which all objects are left to V8: to collect them takes about a millisecond a megabyte. */
const MAX_FULL_HEAP = 128 << 20;

/**
 * Collects garbage as messages are received and sent. By itself V8 collects young objects when it has allocated 16 MB in
 * its own heap or 32 MB outside of it, and all objects after 64 MB more. That much memory of messages which are long
 * handled would be spread over the C library's heap, and keep it large.
 */
export class MessageMemory {
  readonly #process: ProcessMemory;
  /** Bytes of messages since the last collection. */
  #bytes = 0;
  /** Collections of young objects since the last one of all objects. */
  #young = 0;

  constructor(process: ProcessMemory) {
    this.#process = process;
  }

  /** A message of so many bytes was received or sent. */
  moved(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < YOUNG_INTERVAL) return;
    this.#bytes = 0;
    if (++this.#young < YOUNG_PER_FULL) {
      this.#process.collectYoung();
      return;
    }
    this.#young = 0;
    if (this.#process.heapBytes() <= MAX_FULL_HEAP) this.#process.collectAll();
    else this.#process.collectYoung();
  }
}
