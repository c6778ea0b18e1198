/** Bytes that a compact size of `value` takes. */
export function compactSizeLength(value: number): number {
  if (value < 253) return 1;
  if (value <= 0xffff) return 3;
  if (value <= 0xffff_ffff) return 5;
  return 9;
}

/** A growing buffer. Numbers are little-endian. Give the final size where it is known: then nothing is copied twice. */
export class ByteWriter {
  #buffer: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(sizeHint = 256) {
    this.#buffer = new Uint8Array(sizeHint);
    this.#view = new DataView(this.#buffer.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** Makes room for `size` more bytes and returns where they start. */
  #grow(size: number): number {
    const start = this.#length;
    const end = start + size;
    if (end > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(end, this.#buffer.length * 2));
      larger.set(this.#buffer);
      this.#buffer = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#length = end;
    return start;
  }

  u8(value: number): this {
    const at = this.#grow(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    const at = this.#grow(2);
    this.#view.setUint16(at, value, true);
    return this;
  }

  /** Big-endian, as ports are in network addresses. */
  u16be(value: number): this {
    const at = this.#grow(2);
    this.#view.setUint16(at, value, false);
    return this;
  }

  u32(value: number): this {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  i32(value: number): this {
    const at = this.#grow(4);
    this.#view.setInt32(at, value, true);
    return this;
  }

  u64(value: bigint): this {
    const at = this.#grow(8);
    this.#view.setBigUint64(at, value, true);
    return this;
  }

  i64(value: bigint): this {
    const at = this.#grow(8);
    this.#view.setBigInt64(at, value, true);
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.#grow(value.length);
    this.#buffer.set(value, at);
    return this;
  }

  compactSize(value: number): this {
    if (value < 253) return this.u8(value);
    if (value <= 0xffff) return this.u8(253).u16(value);
    if (value <= 0xffff_ffff) return this.u8(254).u32(value);
    return this.u8(255).u64(BigInt(value));
  }

  varBytes(value: Uint8Array): this {
    return this.compactSize(value.length).bytes(value);
  }

  list<T>(items: readonly T[], writeItem: (writer: this, item: T) => void): this {
    this.compactSize(items.length);
    for (const item of items) writeItem(this, item);
    return this;
  }

  /** Forgets what has been written and keeps the buffer: views that `finish` has returned change from now on. */
  reset(): this {
    this.#length = 0;
    return this;
  }

  /** What has been written, as a view of the writer's buffer: write no more after this, unless after `reset`. */
  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }
}
