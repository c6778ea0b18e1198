import { binaryKey } from '../bytes/compare.ts';
import type { BlockIndex } from '../chain/tree/block-index.ts';
import type { Coin, CoinView } from '../consensus/coins.ts';
import type { ChainParams } from '../consensus/params.ts';
import type { Block } from '../primitives/block.ts';
import type { Transaction } from '../primitives/transaction.ts';
import { findCoin } from './coin-view.ts';
import { type MutableEntry, transactionUsage } from './entry.ts';
import type { MempoolGraph } from './graph.ts';
import { hasRelativeLock, isFinalAfter, isUnlockedAfter } from './locks.ts';

/** Bytes of memory for transactions of disconnected blocks (Core: MAX_DISCONNECTED_TX_POOL_BYTES). */
const MAX_USAGE = 20_000_000;

/**
 * The transactions of disconnected blocks until they are re-added at the new tip (Core: DisconnectedBlockTransactions).
 * Above the limit, the latest are dropped first: others may depend on the earlier ones.
 */
export class DisconnectedBlockTransactions {
  // Latest transaction first, from the old tip downwards.
  readonly #transactions = new Map<string, Transaction>();
  #usage = 0;

  /** Whether no transaction is kept. */
  get isEmpty(): boolean {
    return this.#transactions.size === 0;
  }

  /** Adds the transactions of a disconnected block, tip first; returns those dropped for lack of space. */
  add(block: Block): Transaction[] {
    for (const tx of block.transactions.toReversed()) {
      this.#transactions.set(binaryKey(tx.txid), tx);
      this.#usage += transactionUsage(tx);
    }
    const dropped: Transaction[] = [];
    for (const [key, tx] of this.#transactions) {
      if (this.#usage <= MAX_USAGE) break;
      this.#delete(key, tx);
      dropped.push(tx);
    }
    return dropped;
  }

  /** Removes the transactions that a block of the new branch confirms. */
  remove(block: Block): void {
    if (this.isEmpty) return;
    for (const tx of block.transactions) {
      const key = binaryKey(tx.txid);
      const found = this.#transactions.get(key);
      if (found) this.#delete(key, found);
    }
  }

  /** Removes and returns all transactions, parents before children. */
  take(): Transaction[] {
    const transactions = [...this.#transactions.values()].reverse();
    this.#transactions.clear();
    this.#usage = 0;
    return transactions;
  }

  #delete(key: string, tx: Transaction): void {
    this.#transactions.delete(key);
    this.#usage -= transactionUsage(tx);
  }
}

/**
 * Returns the entries that became invalid in the block after `tip`: not final, relative lock not met, or spending an
 * immature coinbase (Core: MaybeUpdateMempoolForReorg). A step is one entry.
 */
export function* entriesInvalidAfterReorg(
  graph: MempoolGraph,
  chainCoins: CoinView,
  tip: BlockIndex,
  params: ChainParams,
): Generator<void, MutableEntry[]> {
  const isValid = ({ tx, spendsCoinbase }: MutableEntry): boolean => {
    if (!isFinalAfter(tx, tip)) return false;
    // Saves the coin lookups for most entries.
    if (!spendsCoinbase && !hasRelativeLock(tx)) return true;
    const coins: Coin[] = [];
    for (const { prevout } of tx.inputs) {
      const coin = findCoin(graph, chainCoins, prevout);
      if (!coin || (coin.isCoinbase && tip.height + 1 - coin.height < params.coinbaseMaturity)) return false;
      coins.push(coin);
    }
    return isUnlockedAfter(tx, coins, tip);
  };
  const invalid: MutableEntry[] = [];
  for (const entry of graph.entries()) {
    yield;
    if (!isValid(entry)) invalid.push(entry);
  }
  return invalid;
}
