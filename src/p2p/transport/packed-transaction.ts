import { Transaction } from '../../primitives/transaction.ts';
import { BlockPool } from './block-pool.ts';

/** The longest transaction that is kept: any that standardness permits (Core: MAX_STANDARD_TX_WEIGHT). */
const MAX_SIZE = 400_000;

/** Lengths of blocks for transactions. */
const BLOCK_SIZES = [
  256,
  512,
  1_024,
  2_048,
  4_096,
  8_192,
  16_384,
  24_576,
  32_768,
  49_152,
  65_536,
  102_400,
  204_800,
  MAX_SIZE,
];

/** Memory for transactions. */
const pools = BLOCK_SIZES.map((size) => new BlockPool(size));

/**
 * A transaction of a peer that is kept as bytes, in memory that is used again. Decoded ones take several times the
 * memory, and many that come and go would spread over the heaps of V8 and of the C library.
 */
export class PackedTransaction {
  readonly wtxid: Uint8Array;
  /** Index of the pool of its block. */
  readonly #pool: number;
  readonly #size: number;
  #block: Uint8Array | undefined;

  /** Throws `RangeError` if the transaction is longer than 400,000 bytes, which no standard one is. */
  constructor(tx: Transaction) {
    const bytes = tx.encode();
    const pool = pools.findIndex(({ blockSize }) => blockSize >= bytes.length);
    if (pool < 0) throw new RangeError(`A transaction of ${bytes.length} bytes is longer than ${MAX_SIZE}.`);
    this.wtxid = tx.wtxid.slice();
    this.#pool = pool;
    this.#size = bytes.length;
    this.#block = pools[pool]!.take();
    this.#block.set(bytes);
  }

  /** Returns the transaction. Throws after `release`. */
  decode(): Transaction {
    if (!this.#block) throw new Error('The memory of the transaction is released.');
    return Transaction.decode(this.#block.slice(0, this.#size));
  }

  /** Gives the memory back; the transaction cannot be decoded any more. Idempotent. */
  release(): void {
    if (this.#block) pools[this.#pool]!.give(this.#block);
    this.#block = undefined;
  }
}
