import { ByteReader } from './reader.ts';

/** A list that can be read in order. Arrays are such lists. */
export interface List<T> extends Iterable<T> {
  readonly length: number;
}

/**
 * A list of encoded items of one size. Each item is decoded when it is read, so that a long list takes no more memory
 * than its encoding. It is valid as long as that memory is.
 */
export class EncodedList<T> implements List<T> {
  readonly length: number;
  readonly #bytes: Uint8Array;
  readonly #readItem: (reader: ByteReader) => T;

  /** Reads `length` items of `itemSize` bytes. Throws `DecodeError` (`truncated`). */
  constructor(reader: ByteReader, length: number, itemSize: number, readItem: (reader: ByteReader) => T) {
    this.length = length;
    this.#bytes = reader.bytes(length * itemSize);
    this.#readItem = readItem;
  }

  /** Decodes the items, one after the other. */
  *[Symbol.iterator](): Generator<T, void, void> {
    const reader = new ByteReader(this.#bytes);
    for (let i = 0; i < this.length; i++) yield this.#readItem(reader);
  }
}
