import { concatBytes } from '../../../bytes/compare.ts';
import { BlockHeader, HEADER_SIZE } from '../../../primitives/header.ts';

const HASH_SIZE = 32;
/** The hash of the parent is in the four bytes after the version; it follows from the header before. */
const VERSION_SIZE = 4;
const SIZE = HEADER_SIZE - HASH_SIZE;
const CHUNK = 2_000;

/** Headers of one chain, in 48 bytes each (Core: CompressedHeader), first in, first out. */
export class HeaderQueue {
  readonly #chunks: Uint8Array[] = [];
  /** Headers in the last chunk, and taken from the first one. */
  #filled = CHUNK;
  #taken = 0;
  #length = 0;
  /** The parent of the first one. */
  #prevHash: Uint8Array;

  /** `prevHash` is the parent of the first header to come. */
  constructor(prevHash: Uint8Array) {
    this.#prevHash = prevHash;
  }

  get length(): number {
    return this.#length;
  }

  /** Adds the child of the last one. */
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

  /** The header that has waited longest; there must be one. */
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
