import { sha256, sha256d } from '../../crypto/hash.ts';
import type { OutPoint } from '../../primitives/outpoint.ts';
import type { TxOut } from '../../primitives/transaction.ts';

/**
 * A writer over one buffer that is used again for every signature hash, as a block asks for thousands. Hashing is
 * synchronous, so there is never a second user before the first has its digest.
 */
class Preimage {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** Starts anew. */
  begin(): this {
    this.#length = 0;
    return this;
  }

  #grow(size: number): number {
    const start = this.#length;
    const end = start + size;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#length = end;
    return start;
  }

  u8(value: number): this {
    const at = this.#grow(1);
    this.#bytes[at] = value;
    return this;
  }

  u32(value: number): this {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  i64(value: bigint): this {
    const at = this.#grow(8);
    this.#view.setBigInt64(at, value, true);
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  varBytes(value: Uint8Array): this {
    return this.compactSize(value.length).bytes(value);
  }

  compactSize(value: number): this {
    if (value < 253) return this.u8(value);
    if (value <= 0xffff)
      return this.u8(253)
        .u8(value & 0xff)
        .u8(value >>> 8);
    return this.u8(254).u32(value);
  }

  outPoint(value: OutPoint): this {
    return this.bytes(value.txid).u32(value.vout);
  }

  output(value: TxOut): this {
    return this.i64(value.value).varBytes(value.scriptPubKey);
  }

  sha256(): Uint8Array {
    return sha256(this.#bytes.subarray(0, this.#length));
  }

  sha256d(): Uint8Array {
    return sha256d(this.#bytes.subarray(0, this.#length));
  }
}

export const preimage = new Preimage();
