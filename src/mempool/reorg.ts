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

/** Bytes of memory that transactions of disconnected blocks may take (Core: MAX_DISCONNECTED_TX_POOL_BYTES). */
const MAX_USAGE = 20_000_000;

/**
 * The transactions of disconnected blocks, until the chain has a new tip and they can be judged again. Of more than
 * fit, those farthest from genesis go first: others may depend on the rest.
 */
export class DisconnectedBlockTransactions {
  // From the last transaction of the old tip to the first of the oldest disconnected block.
  readonly #transactions = new Map<string, Transaction>();
  #usage = 0;

  get isEmpty(): boolean {
    return this.#transactions.size === 0;
  }

  /** Adds a block's transactions; blocks come from the old tip downwards. Returns those for which there is no room. */
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

  /** Forgets what a block of the new chain holds. */
  remove(block: Block): void {
    if (this.isEmpty) return;
    for (const tx of block.transactions) {
      const key = binaryKey(tx.txid);
      const found = this.#transactions.get(key);
      if (found) this.#delete(key, found);
    }
  }

  /** Takes all out, each after those it depends on. */
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

/** The entries that the block after `tip` may not hold any more: not final, locked, or with an immature coinbase. */
export function entriesInvalidAfterReorg(
  graph: MempoolGraph,
  chainCoins: CoinView,
  tip: BlockIndex,
  params: ChainParams,
): MutableEntry[] {
  const isReady = ({ tx, spendsCoinbase }: MutableEntry): boolean => {
    if (!isFinalAfter(tx, tip)) return false;
    // Other entries are spared the look-ups of what they spend.
    if (!spendsCoinbase && !hasRelativeLock(tx)) return true;
    const coins: Coin[] = [];
    for (const { prevout } of tx.inputs) {
      const coin = findCoin(graph, chainCoins, prevout);
      if (!coin || (coin.isCoinbase && tip.height + 1 - coin.height < params.coinbaseMaturity)) return false;
      coins.push(coin);
    }
    return isUnlockedAfter(tx, coins, tip);
  };
  const notReady: MutableEntry[] = [];
  for (const entry of graph.entries()) if (!isReady(entry)) notReady.push(entry);
  return notReady;
}
