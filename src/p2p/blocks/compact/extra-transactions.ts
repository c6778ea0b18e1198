import { transactionUsage } from '../../../mempool/entry.ts';
import type { Mempool } from '../../../mempool/mempool.ts';
import { Transaction } from '../../../primitives/transaction.ts';
import { BlockPool } from '../../transport/block-pool.ts';

/** Transactions kept (Core: DEFAULT_BLOCK_RECONSTRUCTION_EXTRA_TXN). */
const MAX_EXTRA = 100;
/** Bytes of memory above which a transaction is not kept. */
const MAX_USAGE = 100_000;

/** Memory for transactions, none of which is longer than its usage. */
const txBlocks = new BlockPool(MAX_USAGE);

/** A transaction that is kept as bytes: decoded ones take several times the memory. */
export class ExtraTransaction {
  readonly wtxid: Uint8Array;
  readonly #block: Uint8Array;
  readonly #size: number;

  constructor(tx: Transaction, block: Uint8Array) {
    const bytes = tx.encode();
    block.set(bytes);
    this.wtxid = tx.wtxid.slice();
    this.#block = block;
    this.#size = bytes.length;
  }

  /** Returns the transaction. */
  decode(): Transaction {
    return Transaction.decode(this.#block.slice(0, this.#size));
  }
}

/**
 * The last transactions that the mempool rejected, replaced or evicted (Core: vExtraTxnForCompact). A block may hold
 * them nevertheless; a compact block is then reconstructed without requesting them.
 */
export class ExtraTransactions implements Iterable<ExtraTransaction> {
  readonly #blocks: Uint8Array[] = [];
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
    this.#blocks[this.#next] ??= txBlocks.take();
    this.#ring[this.#next] = new ExtraTransaction(tx, this.#blocks[this.#next]!);
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
    for (const block of this.#blocks) txBlocks.give(block);
    this.#blocks.length = 0;
    this.#ring.length = 0;
  }
}
