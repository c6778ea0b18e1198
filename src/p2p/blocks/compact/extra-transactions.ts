import { transactionUsage } from '../../../mempool/entry.ts';
import type { Mempool } from '../../../mempool/mempool.ts';
import type { Transaction } from '../../../primitives/transaction.ts';
import { PackedTransaction } from '../../transport/packed-transaction.ts';

/** Transactions kept (Core: DEFAULT_BLOCK_RECONSTRUCTION_EXTRA_TXN). */
const MAX_EXTRA = 100;
/** Bytes of memory above which a transaction is not kept. */
const MAX_USAGE = 100_000;

/**
 * The last transactions that the mempool rejected, replaced or evicted (Core: vExtraTxnForCompact). A block may hold
 * them nevertheless; a compact block is then reconstructed without requesting them.
 */
export class ExtraTransactions implements Iterable<PackedTransaction> {
  readonly #ring: PackedTransaction[] = [];
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
    this.#ring[this.#next] = new PackedTransaction(tx);
    this.#next = (this.#next + 1) % MAX_EXTRA;
  }

  /** Number of transactions. */
  get size(): number {
    return this.#ring.length;
  }

  [Symbol.iterator](): Iterator<PackedTransaction> {
    return this.#ring.values();
  }

  close(): void {
    this.#unsubscribe();
    for (const each of this.#ring) each.release();
    this.#ring.length = 0;
  }
}
