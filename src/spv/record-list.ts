import { equalBytes } from '../bytes/compare.ts';
import type { Range, StoreOperation, StoreReader } from '../store/store.ts';
import { corrupt } from './corrupt.ts';

/** Bytes per chunk. LMDB stores a value longer than half a page on overflow pages; the first has room for this many. */
const CHUNK_BYTES = 4_072;

/** A list of fixed-size records in a store, grouped into chunks of one LMDB page: 1,000 headers take 12 pages. */
export class RecordList {
  readonly #prefix: number;
  readonly #size: number;
  readonly #perChunk: number;

  /** `prefix` is the first byte of every key and must be unique in the store; `size` is the bytes per record. */
  constructor(prefix: number, size: number) {
    this.#prefix = prefix;
    this.#size = size;
    this.#perChunk = Math.floor(CHUNK_BYTES / size);
  }

  /** Reads all records in order. Throws `ChainError` if a chunk is missing, or a chunk before the last is short. */
  *read(store: StoreReader): Generator<Uint8Array> {
    let position = 0;
    for (const [key, chunk] of store.entries(this.#range)) {
      const isNext = equalBytes(key, this.#key(Math.floor(position / this.#perChunk)));
      if (!isNext || chunk.length % this.#size > 0) throw corrupt('missing records');
      for (let at = 0; at < chunk.length; at += this.#size, position++) yield chunk.subarray(at, at + this.#size);
    }
  }

  /**
   * Returns the writes that turn a list of `stored` records into one of `length` records. Records from `changedFrom` on
   * may differ from the stored ones.
   */
  operations(
    stored: number,
    length: number,
    changedFrom: number,
    record: (position: number) => Uint8Array,
  ): StoreOperation[] {
    if (changedFrom >= length && stored === length) return [];
    const operations: StoreOperation[] = [];
    const per = this.#perChunk;
    for (let chunk = Math.floor(changedFrom / per); chunk * per < length; chunk++) {
      const count = Math.min(per, length - chunk * per);
      const value = new Uint8Array(count * this.#size);
      for (let i = 0; i < count; i++) value.set(record(chunk * per + i), i * this.#size);
      operations.push({ type: 'put', key: this.#key(chunk), value });
    }
    for (let chunk = Math.ceil(length / per); chunk * per < stored; chunk++) {
      operations.push({ type: 'delete', key: this.#key(chunk) });
    }
    return operations;
  }

  get #range(): Range {
    return { gte: Uint8Array.of(this.#prefix), lt: Uint8Array.of(this.#prefix + 1) };
  }

  #key(chunk: number): Uint8Array {
    const key = new Uint8Array(5);
    key[0] = this.#prefix;
    new DataView(key.buffer).setUint32(1, chunk, false);
    return key;
  }
}
