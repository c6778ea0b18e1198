/** A FIFO queue of bits (Core: bitdeque). Removed bits do not free memory, so it is for one fill and one drain. */
export class BitQueue {
  #bytes = new Uint8Array(8);
  #end = 0;
  #start = 0;

  /** Bits in the queue. */
  get length(): number {
    return this.#end - this.#start;
  }

  push(bit: number): void {
    const at = this.#end >>> 3;
    if (at === this.#bytes.length) {
      const bytes = new Uint8Array(2 * at);
      bytes.set(this.#bytes);
      this.#bytes = bytes;
    }
    this.#bytes[at]! |= (bit & 1) << (this.#end & 7);
    this.#end++;
  }

  /** Removes the first bit; undefined if the queue is empty. */
  shift(): number | undefined {
    if (this.length === 0) return undefined;
    const bit = (this.#bytes[this.#start >>> 3]! >>> (this.#start & 7)) & 1;
    this.#start++;
    return bit;
  }
}
