/** A cache bounded by the bytes of its values; the least recently used ones are evicted. */
export class ByteCache<Key, Value> {
  readonly #maxBytes: number;
  readonly #sizeOf: (value: Value) => number;
  /** Least recently used first. */
  readonly #values = new Map<Key, Value>();
  #bytes = 0;

  constructor(maxBytes: number, sizeOf: (value: Value) => number) {
    this.#maxBytes = maxBytes;
    this.#sizeOf = sizeOf;
  }

  /** Bytes of all values. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Returns the value of `key`; on a miss, caches what `make` returns, unless that is undefined. */
  get(key: Key, make: () => Value | undefined): Value | undefined {
    const cached = this.#values.get(key);
    if (cached !== undefined) {
      this.#values.delete(key);
      this.#values.set(key, cached);
      return cached;
    }
    const value = make();
    if (value !== undefined) this.#add(key, value);
    return value;
  }

  #add(key: Key, value: Value): void {
    this.#values.set(key, value);
    this.#bytes += this.#sizeOf(value);
    for (const [oldest, evicted] of this.#values) {
      if (this.#bytes <= this.#maxBytes || oldest === key) return;
      this.#values.delete(oldest);
      this.#bytes -= this.#sizeOf(evicted);
    }
  }
}
