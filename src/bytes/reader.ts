import { DecodeError } from './errors.ts';

/** Bytes, or items, that a compact size may announce: 32 Mi (Core: MAX_SIZE). */
export const MAX_SIZE = 0x02000000;

/** Bytes that V8 keeps in its own heap. A DataView would move them to memory of their own, outside of it. */
const SMALL = 64;

// A view costs about a hundred bytes. Witness elements of zero or one byte are common, and a hostile witness may
// consist of nothing else, so all of these share their views.
const EMPTY = new Uint8Array(0);
const allBytes = Uint8Array.from({ length: 256 }, (_, value) => value);
const SINGLE: readonly Uint8Array[] = Array.from(allBytes, (value) => allBytes.subarray(value, value + 1));

/**
 * Reads Bitcoin's serialization from bytes. Integers are little-endian unless noted. `bytes`, `hash` and `varBytes`
 * return views, not copies, and `varBytes` may return a shared array: callers must not write to either. Every read
 * throws `DecodeError` (`truncated`) at the end of the input.
 *
 * @example
 * ```ts
 * import { ByteReader, fromHex, toHex } from 'pier/bytes';
 *
 * const reader = new ByteReader(fromHex('fd000102cafe'));
 * console.log(reader.compactSize()); // 256
 * console.log(toHex(reader.varBytes())); // cafe
 * reader.end();
 * ```
 */
export class ByteReader {
  readonly input: Uint8Array;
  /** The position of the next byte in `input`. */
  offset: number;
  #view: DataView | undefined;

  constructor(input: Uint8Array, offset = 0) {
    this.input = input;
    this.offset = offset;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.input.length - this.offset;
  }

  /** Throws `DecodeError` (`trailing-bytes`) unless the whole input has been read. */
  end(): void {
    if (this.offset !== this.input.length) {
      throw new DecodeError('trailing-bytes', this.offset, `${this.remaining} bytes left after the value`);
    }
  }

  get #dataView(): DataView {
    this.#view ??= new DataView(this.input.buffer, this.input.byteOffset, this.input.byteLength);
    return this.#view;
  }

  #take(length: number): number {
    const start = this.offset;
    if (length > this.input.length - start) {
      throw new DecodeError('truncated', start, `${length} bytes needed, ${this.input.length - start} left`);
    }
    this.offset = start + length;
    return start;
  }

  /** Passes over `length` bytes. */
  skip(length: number): void {
    this.#take(length);
  }

  /** Reads a uint8. */
  u8(): number {
    return this.input[this.#take(1)]!;
  }

  /** Reads a uint16. */
  u16(): number {
    const at = this.#take(2);
    return this.input[at]! | (this.input[at + 1]! << 8);
  }

  /** Reads a big-endian uint16, the encoding of ports in network addresses. */
  u16be(): number {
    const at = this.#take(2);
    return (this.input[at]! << 8) | this.input[at + 1]!;
  }

  /** Reads a uint32. */
  u32(): number {
    return this.i32() >>> 0;
  }

  /** Reads an int32. */
  i32(): number {
    const { input } = this;
    const at = this.#take(4);
    return input[at]! | (input[at + 1]! << 8) | (input[at + 2]! << 16) | (input[at + 3]! << 24);
  }

  /** Reads a uint64. */
  u64(): bigint {
    return BigInt.asUintN(64, this.i64());
  }

  /** Reads an int64. */
  i64(): bigint {
    if (this.input.length > SMALL) return this.#dataView.getBigInt64(this.#take(8), true);
    const low = this.u32();
    return (BigInt(this.i32()) << 32n) | BigInt(low);
  }

  /** Reads `length` bytes as a view of the input. */
  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.input.subarray(start, start + length);
  }

  /** Reads a hash: 32 bytes, internal order, a view of the input. */
  hash(): Uint8Array {
    return this.bytes(32);
  }

  /**
   * Reads a compact size. Throws `DecodeError`: `oversized` if it exceeds `max`, `non-canonical` if it is not minimally
   * encoded (Core: ReadCompactSize).
   */
  compactSize(max = MAX_SIZE): number {
    const start = this.offset;
    const value = this.#compactSize();
    if (value > max) throw new DecodeError('oversized', start, `compact size ${value} exceeds ${max}`);
    return value;
  }

  /**
   * Reads a compact size below 2^53, for fields that are plain numbers and not lengths. Throws as `compactSize` does.
   */
  compactNumber(): number {
    return this.compactSize(Number.MAX_SAFE_INTEGER);
  }

  #compactSize(): number {
    const start = this.offset;
    const first = this.u8();
    if (first < 253) return first;
    let value: number;
    let least: number;
    if (first === 253) {
      value = this.u16();
      least = 253;
    } else if (first === 254) {
      value = this.u32();
      least = 0x1_0000;
    } else {
      const low = this.u32();
      value = this.u32() * 0x1_0000_0000 + low;
      least = 0x1_0000_0000;
    }
    if (value < least) throw new DecodeError('non-canonical', start, `compact size ${value} is not minimally encoded`);
    return value;
  }

  /** Reads a compact size of at most `max`, then that many bytes, as a view of the input or a shared array. */
  varBytes(max = MAX_SIZE): Uint8Array {
    const length = this.compactSize(max);
    if (length > 1) return this.bytes(length);
    return length === 0 ? EMPTY : SINGLE[this.u8()]!;
  }

  /** Reads a compact size of at most `max`, then that many items. Allocates per item read, not per item announced. */
  list<T>(readItem: (reader: ByteReader) => T, max = MAX_SIZE): T[] {
    const count = this.compactSize(max);
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(readItem(this));
    return items;
  }
}
