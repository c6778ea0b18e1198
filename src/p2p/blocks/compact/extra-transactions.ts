import { transactionUsage } from '../../../mempool/entry.ts';
import type { Mempool } from '../../../mempool/mempool.ts';
import { Transaction } from '../../../primitives/transaction.ts';
import { BlockPool } from '../../transport/block-pool.ts';

/** Transactions kept (Core: DEFAULT_BLOCK_RECONSTRUCTION_EXTRA_TXN). */
const MAX_EXTRA = 100;
/** Bytes of memory above which a transaction is not kept. */
const MAX_USAGE = 100_000;

/** Lengths of blocks for transactions, none of which is longer than its usage. */
const BLOCK_SIZES = [256, 512, 1_024, 2_048, 4_096, 8_192, 16_384, 24_576, 32_768, 49_152, 65_536, MAX_USAGE];

/** Memory for transactions. */
const pools = BLOCK_SIZES.map((size) => new BlockPool(size));

/** A transaction that is kept as bytes: decoded ones take several times the memory. */
export class ExtraTransaction {
  readonly wtxid: Uint8Array;
  /** Index of the pool of its block. */
  readonly #pool: number;
  readonly #block: Uint8Array;
  readonly #size: number;

  constructor(tx: Transaction) {
    const bytes = tx.encode();
    this.wtxid = tx.wtxid.slice();
    this.#size = bytes.length;
    this.#pool = pools.findIndex(({ blockSize }) => blockSize >= bytes.length);
    this.#block = pools[this.#pool]!.take();
    this.#block.set(bytes);
  }

  /** Returns the transaction. */
  decode(): Transaction {
    return Transaction.decode(this.#block.slice(0, this.#size));
  }

  /** Gives the memory back; the transaction cannot be decoded any more. */
  release(): void {
    pools[this.#pool]!.give(this.#block);
  }
}

/**
 * The last transactions that the mempool rejected, replaced or evicted (Core: vExtraTxnForCompact). A block may hold
 * them nevertheless; a compact block is then reconstructed without requesting them.
 */
export class ExtraTransactions implements Iterable<ExtraTransaction> {
  readonly #ring: ExtraTransaction[] = [];
  #next = 0;
  readonly #unsubscribe: () => void;

  constructor({ mempool }: { readonly mempool: Mempool }) {
    this.#unsubscribe = mempool.events.on('removed', ({ entry, reason }) => {
      if (reason === 'replaced' || reason === 'sizelimit' || reason === 'expiry') this.add(entry.tx);
    });
  }

  add(tx: Transaction): void {
    if (transactionUsage(tx) > MAX_USAGE) return;
    this.#ring[this.#next]?.release();
    this.#ring[this.#next] = new ExtraTransaction(tx);
    this.#next = (this.#next + 1) % MAX_EXTRA;
  }

  /** Number of transactions. */
  get size(): number {
    return this.#ring.length;
  }

  [Symbol.iterator](): Iterator<ExtraTransaction> {
    return this.#ring.values();
  }

  close(): void {
    this.#unsubscribe();
    for (const each of this.#ring) each.release();
    this.#ring.length = 0;
  }
}
