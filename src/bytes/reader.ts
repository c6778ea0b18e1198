import { DecodeError } from './errors.ts';

/** Core's MAX_SIZE: no length inside a message or a block may exceed 32 MiB. */
export const MAX_SIZE = 0x02000000;

// A view takes some hundred bytes. Witnesses are full of elements of none or one, and hostile ones are of nothing else.
const EMPTY = new Uint8Array(0);
const allBytes = Uint8Array.from({ length: 256 }, (_, value) => value);
const SINGLE: readonly Uint8Array[] = Array.from(allBytes, (value) => allBytes.subarray(value, value + 1));

/**
 * A cursor over bytes. Numbers are little-endian. `bytes`, `hash` and `varBytes` return views of the input, not
 * copies, and `varBytes` of less than two bytes an array that is shared: neither must be written to. Every method throws
 * `DecodeError` rather than read past the end.
 */
export class ByteReader {
  readonly input: Uint8Array;
  offset: number;
  readonly #view: DataView;

  constructor(input: Uint8Array, offset = 0) {
    this.input = input;
    this.offset = offset;
    this.#view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  }

  get remaining(): number {
    return this.input.length - this.offset;
  }

  /** Throws `trailing-bytes` unless the whole input has been read. */
  end(): void {
    if (this.offset !== this.input.length) {
      throw new DecodeError('trailing-bytes', this.offset, `${this.remaining} bytes left after the value`);
    }
  }

  #take(length: number): number {
    const start = this.offset;
    if (length > this.input.length - start) {
      throw new DecodeError('truncated', start, `${length} bytes wanted, ${this.input.length - start} left`);
    }
    this.offset = start + length;
    return start;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  /** Big-endian, as ports are in network addresses. */
  u16be(): number {
    return this.#view.getUint16(this.#take(2), false);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8), true);
  }

  /** The next `length` bytes, as a view of the input. */
  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.input.subarray(start, start + length);
  }

  /** 32 bytes, in internal order. */
  hash(): Uint8Array {
    return this.bytes(32);
  }

  /** A canonical compact size of at most `max` (default and upper bound: MAX_SIZE). */
  compactSize(max = MAX_SIZE): number {
    const start = this.offset;
    const value = this.#compactSize();
    if (value > max) throw new DecodeError('oversized', start, `compact size ${value} exceeds ${max}`);
    return value;
  }

  /** A canonical compact size of any value below 2^53; for fields that are numbers, not lengths. */
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

  /** A compact size, then that many bytes, as a view of the input or shared. */
  varBytes(max = MAX_SIZE): Uint8Array {
    const length = this.compactSize(max);
    if (length > 1) return this.bytes(length);
    return length === 0 ? EMPTY : SINGLE[this.u8()]!;
  }

  /** A compact size, then that many items. Memory grows with what is read, not with what is announced. */
  list<T>(readItem: (reader: ByteReader) => T, max = MAX_SIZE): T[] {
    const count = this.compactSize(max);
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(readItem(this));
    return items;
  }
}
