import { concatBytes } from '../../../bytes/compare.ts';
import { BlockHeader, HEADER_SIZE } from '../../../primitives/header.ts';

const HASH_SIZE = 32;
/** Bytes of the version, which precedes the parent's hash; the latter is not stored. */
const VERSION_SIZE = 4;
const SIZE = HEADER_SIZE - HASH_SIZE;
const CHUNK = 2_000;

/** A FIFO queue of consecutive headers in 48 bytes each, without the parent's hash (Core: CompressedHeader). */
export class HeaderQueue {
  readonly #chunks: Uint8Array[] = [];
  /** Headers in the last chunk. */
  #filled = CHUNK;
  /** Headers removed from the first chunk. */
  #taken = 0;
  #length = 0;
  /** Hash of the first header's parent. */
  #prevHash: Uint8Array;

  /** `prevHash` is the hash of the first header's parent. */
  constructor(prevHash: Uint8Array) {
    this.#prevHash = prevHash;
  }

  get length(): number {
    return this.#length;
  }

  /** Adds a header, which must be a child of the last one. */
  push(header: BlockHeader): void {
    if (this.#filled === CHUNK) {
      this.#chunks.push(new Uint8Array(CHUNK * SIZE));
      this.#filled = 0;
    }
    const raw = header.encode();
    const chunk = this.#chunks.at(-1)!;
    const at = SIZE * this.#filled++;
    chunk.set(raw.subarray(0, VERSION_SIZE), at);
    chunk.set(raw.subarray(VERSION_SIZE + HASH_SIZE), at + VERSION_SIZE);
    this.#length++;
  }

  /** Removes the first header of a non-empty queue. */
  shift(): BlockHeader {
    const chunk = this.#chunks[0]!;
    const at = SIZE * this.#taken++;
    const header = BlockHeader.decode(
      concatBytes(chunk.subarray(at, at + VERSION_SIZE), this.#prevHash, chunk.subarray(at + VERSION_SIZE, at + SIZE)),
    );
    if (this.#taken === CHUNK) {
      this.#chunks.shift();
      this.#taken = 0;
    }
    this.#length--;
    this.#prevHash = header.hash;
    return header;
  }
}
