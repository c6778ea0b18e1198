import type { List } from './encoded-list.ts';

/** Bytes that V8 keeps in its own heap. A DataView would move them to memory of their own, outside of it. */
const SMALL = 64;

/** Returns the bytes that `value` takes as a compact size: 1, 3, 5 or 9. */
export function compactSizeLength(value: number): number {
  if (value < 253) return 1;
  if (value <= 0xffff) return 3;
  if (value <= 0xffff_ffff) return 5;
  return 9;
}

/**
 * Writes Bitcoin's serialization to a growing buffer. Integers are little-endian unless noted. With an exact `sizeHint`
 * the buffer never grows. Out-of-range integers wrap.
 *
 * @example
 * ```ts
 * import { ByteWriter, toHex } from 'pier/bytes';
 *
 * console.log(toHex(new ByteWriter().u32(2).compactSize(256).u8(0xff).finish())); // 02000000fd0001ff
 * ```
 */
export class ByteWriter {
  #buffer: Uint8Array;
  /** Undefined as long as it is not needed. */
  #view: DataView | undefined;
  #length = 0;

  constructor(sizeHint = 256) {
    this.#buffer = new Uint8Array(sizeHint);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** Extends the content by `size` bytes and returns their offset. */
  #grow(size: number): number {
    const start = this.#length;
    const end = start + size;
    if (end > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(end, this.#buffer.length * 2));
      larger.set(this.#buffer);
      this.#buffer = larger;
      this.#view = undefined;
    }
    this.#length = end;
    return start;
  }

  /** Writes a uint8. */
  u8(value: number): this {
    const at = this.#grow(1);
    this.#buffer[at] = value;
    return this;
  }

  /** Writes a uint16. */
  u16(value: number): this {
    const at = this.#grow(2);
    this.#buffer[at] = value;
    this.#buffer[at + 1] = value >> 8;
    return this;
  }

  /** Writes a big-endian uint16, the encoding of ports in network addresses. */
  u16be(value: number): this {
    const at = this.#grow(2);
    this.#buffer[at] = value >> 8;
    this.#buffer[at + 1] = value;
    return this;
  }

  /** Writes a uint32. */
  u32(value: number): this {
    return this.i32(value);
  }

  /** Writes an int32. */
  i32(value: number): this {
    const at = this.#grow(4);
    const buffer = this.#buffer;
    buffer[at] = value;
    buffer[at + 1] = value >> 8;
    buffer[at + 2] = value >> 16;
    buffer[at + 3] = value >> 24;
    return this;
  }

  /** Writes a uint64. */
  u64(value: bigint): this {
    return this.i64(value);
  }

  /** Writes an int64. */
  i64(value: bigint): this {
    const at = this.#grow(8);
    if (this.#buffer.length > SMALL) {
      this.#view ??= new DataView(this.#buffer.buffer);
      this.#view.setBigInt64(at, value, true);
      return this;
    }
    this.#length = at;
    return this.i32(Number(BigInt.asIntN(32, value))).i32(Number(BigInt.asIntN(32, value >> 32n)));
  }

  /** Writes bytes without a length prefix. */
  bytes(value: Uint8Array): this {
    const at = this.#grow(value.length);
    this.#buffer.set(value, at);
    return this;
  }

  /** Writes a compact size, minimally encoded. */
  compactSize(value: number): this {
    if (value < 253) return this.u8(value);
    if (value <= 0xffff) return this.u8(253).u16(value);
    if (value <= 0xffff_ffff) return this.u8(254).u32(value);
    return this.u8(255).u64(BigInt(value));
  }

  /** Writes bytes behind their length as a compact size. */
  varBytes(value: Uint8Array): this {
    return this.compactSize(value.length).bytes(value);
  }

  /** Writes the number of items as a compact size, then each item. */
  list<T>(items: List<T>, writeItem: (writer: this, item: T) => void): this {
    this.compactSize(items.length);
    for (const item of items) writeItem(this, item);
    return this;
  }

  /** Empties the writer and keeps its buffer: later writes overwrite the views that `finish` has returned. */
  reset(): this {
    this.#length = 0;
    return this;
  }

  /**
   * Returns the bytes written, as a view of the writer's buffer or, if they are few, as a copy. Do not write afterwards
   * without `reset`.
   */
  finish(): Uint8Array {
    const { length } = this.#buffer;
    if (this.#length === length) return this.#buffer;
    return length > SMALL ? this.#buffer.subarray(0, this.#length) : this.#buffer.slice(0, this.#length);
  }
}
