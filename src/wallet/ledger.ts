import { type OutPoint, outPointKey } from '../primitives/outpoint.ts';
import type { Transaction } from '../primitives/transaction.ts';
import type { StoreOperation } from '../store/store.ts';
import type { KeyPool } from './key-pool.ts';
import { inactiveEntry, isPending, type LedgerEntry, spendsCoins, type WalletCoin } from './ledger-entry.ts';
import {
  type BlockReference,
  type Confirmation,
  deleteTransaction,
  putTransaction,
  type TransactionRecord,
} from './records.ts';

let lastTx: Transaction | undefined;
let lastKeys: readonly string[] = [];

/** Returns the keys of the outputs that a transaction spends. Each wallet asks for them, some several times. */
function prevoutKeys(tx: Transaction): readonly string[] {
  if (tx !== lastTx) {
    lastTx = tx;
    lastKeys = tx.inputs.map(({ prevout }) => outPointKey(prevout));
  }
  return lastKeys;
}

/** The transactions of one wallet, and the coins that they create and spend. */
export class Ledger {
  readonly #id: number;
  readonly #keys: KeyPool;
  readonly #entries = new Map<string, LedgerEntry>();
  /** The entries without a confirmation. */
  readonly #unconfirmed = new Set<LedgerEntry>();
  /** Outputs of the wallet, spent or unspent, by `outPointKey`. */
  readonly #coins = new Map<string, WalletCoin>();
  /** Transactions that spend an outpoint, of the wallet or not, by `outPointKey`; several if they conflict. */
  readonly #spenders = new Map<string, LedgerEntry[]>();

  constructor(id: number, keys: KeyPool, records: Iterable<TransactionRecord>) {
    this.#id = id;
    this.#keys = keys;
    const undated: LedgerEntry[] = [];
    for (const {
      tx,
      time,
      confirmation,
      conflict,
      conflicted = false,
      abandoned = false,
      replaced = false,
    } of records) {
      const entry = { ...inactiveEntry(tx, time), confirmation, conflict, abandoned, replaced };
      this.#insert(entry);
      // The keys used were stored with the transaction.
      this.#addCoins(entry);
      if (conflicted && conflict === undefined) undated.push(entry);
    }
    if (undated.length > 0) this.#dateConflicts(undated);
  }

  /** Returns a ledger of its own with the same transactions. `keys` are a copy of its keys. */
  copy(keys: KeyPool): Ledger {
    const copy = new Ledger(this.#id, keys, []);
    const copies = new Map<LedgerEntry, LedgerEntry>();
    for (const [txid, entry] of this.#entries) {
      const copied = { ...entry };
      copies.set(entry, copied);
      copy.#entries.set(txid, copied);
    }
    for (const entry of this.#unconfirmed) copy.#unconfirmed.add(copies.get(entry)!);
    for (const [key, coin] of this.#coins) copy.#coins.set(key, { ...coin, entry: copies.get(coin.entry)! });
    for (const [key, spenders] of this.#spenders) {
      copy.#spenders.set(
        key,
        spenders.map((spender) => copies.get(spender)!),
      );
    }
    return copy;
  }

  /** Finds the block of conflicts that an earlier version has stored without it. */
  #dateConflicts(undated: readonly LedgerEntry[]): void {
    for (const { tx, confirmation } of this.#entries.values()) {
      if (confirmation) this.#markConflicts(this.conflictsOf(tx), confirmation);
    }
    // What no confirmed transaction of the wallet conflicts with descends from a disconnected coinbase.
    for (const entry of undated) entry.abandoned = entry.conflict === undefined;
  }

  get(txidHex: string): LedgerEntry | undefined {
    return this.#entries.get(txidHex);
  }

  /** Returns all transactions, oldest first: by height and position, then the unconfirmed ones, parents first. */
  entries(): LedgerEntry[] {
    const confirmed = [...this.#entries.values()].filter(({ confirmation }) => confirmation !== undefined);
    confirmed.sort((a, b) => {
      const [x, y] = [a.confirmation!, b.confirmation!];
      return x.height - y.height || x.position - y.position;
    });
    return [...confirmed, ...this.#parentsFirst(this.#unconfirmed)];
  }

  /** Returns the transactions that wait for a block, parents first. */
  pending(): LedgerEntry[] {
    return this.#parentsFirst([...this.#unconfirmed].filter(isPending));
  }

  /** Whether a transaction waits for a block outside the mempool. */
  get hasUnoffered(): boolean {
    for (const entry of this.#unconfirmed) if (!entry.inMempool && isPending(entry)) return true;
    return false;
  }

  /** Sorts by time, then parents before children: a second may see both. */
  #parentsFirst(entries: Iterable<LedgerEntry>): LedgerEntry[] {
    const sorted = [...entries].sort((a, b) => a.time - b.time);
    const waiting = new Set(sorted);
    const ordered: LedgerEntry[] = [];
    const stack: LedgerEntry[] = [];
    for (const entry of sorted) {
      stack.push(entry);
      for (let top = stack.at(-1); top; top = stack.at(-1)) {
        const parents = waiting.delete(top) ? this.#parents(top).filter((parent) => waiting.has(parent)) : [];
        if (parents.length > 0) {
          stack.push(...parents);
          continue;
        }
        stack.pop();
        ordered.push(top);
      }
    }
    return [...new Set(ordered)];
  }

  #parents({ tx }: LedgerEntry): LedgerEntry[] {
    return tx.inputs.flatMap(({ prevout }) => this.coin(prevout)?.entry ?? []);
  }

  coin(outpoint: OutPoint): WalletCoin | undefined {
    return this.#coins.get(outPointKey(outpoint));
  }

  coins(): Iterable<WalletCoin> {
    return this.#coins.values();
  }

  /** Returns whether all outputs of a transaction that pay the wallet are known as coins. */
  hasCoinsOf({ txid, outputs }: Transaction): boolean {
    return outputs.every(
      ({ scriptPubKey }, vout) => !this.#keys.find(scriptPubKey) || this.#coins.has(outPointKey({ txid, vout })),
    );
  }

  /** Returns whether a transaction that is, or may still be, confirmed spends the coin (Core: IsSpent). */
  isSpent(outpoint: OutPoint): boolean {
    const spenders = this.#spenders.get(outPointKey(outpoint));
    if (spenders) for (const spender of spenders) if (spendsCoins(spender)) return true;
    return false;
  }

  /** Returns the wallet's outputs that no confirmed transaction spends, without those of conflicted transactions. */
  unspentInBlocks(): OutPoint[] {
    const isSpentInBlock = (key: string) => {
      for (const { confirmation } of this.#spenders.get(key) ?? []) if (confirmation) return true;
      return false;
    };
    return [...this.#coins]
      .filter(([key, { entry }]) => !entry.conflict && !isSpentInBlock(key))
      .map(([, { outpoint }]) => outpoint);
  }

  /** Returns the other transactions that spend an input of this one (Core: GetConflicts). */
  conflictsOf(tx: Transaction): LedgerEntry[] {
    const own = this.#entries.get(tx.txidHex);
    // Most transactions have none, and each one of the mempool is asked for by each wallet.
    let conflicts: Set<LedgerEntry> | undefined;
    for (const prevout of prevoutKeys(tx)) {
      const spenders = this.#spenders.get(prevout);
      if (!spenders) continue;
      for (const spender of spenders) {
        if (spender === own) continue;
        conflicts ??= new Set();
        conflicts.add(spender);
      }
    }
    return conflicts ? [...conflicts] : [];
  }

  /** Returns whether a transaction, known or not, conflicts with a block. */
  isConflicted(tx: Transaction): boolean {
    return (
      this.conflictsOf(tx).some(({ confirmation }) => confirmation) ||
      tx.inputs.some(({ prevout }) => this.coin(prevout)?.entry.conflict !== undefined)
    );
  }

  /** Returns whether the transaction pays the wallet or spends a coin of the wallet. */
  concerns(tx: Transaction): boolean {
    if (this.#entries.has(tx.txidHex)) return true;
    for (const prevout of prevoutKeys(tx)) if (this.#coins.has(prevout)) return true;
    for (const { scriptPubKey } of tx.outputs) if (this.#keys.find(scriptPubKey)) return true;
    return false;
  }

  /** Adds or updates a transaction, confirmed or not. Returns the writes. */
  record(tx: Transaction, time: number, confirmation: Confirmation | undefined): StoreOperation[] {
    const entry = this.#entries.get(tx.txidHex) ?? inactiveEntry(tx, time);
    Object.assign(entry, { confirmation, conflict: undefined, abandoned: false, replaced: false });
    if (confirmation) entry.inMempool = false;
    this.#insert(entry);
    // A known transaction may pay keys that are watched only since.
    return [...this.#addCoins(entry), this.#put(entry)];
  }

  /** Removes an unconfirmed transaction. Returns the writes. */
  forget(txidHex: string): StoreOperation[] {
    const entry = this.#entries.get(txidHex);
    if (!entry) return [];
    this.#entries.delete(txidHex);
    this.#unconfirmed.delete(entry);
    for (const { prevout } of entry.tx.inputs) {
      const key = outPointKey(prevout);
      const others = this.#spenders.get(key)?.filter((spender) => spender !== entry);
      if (others) this.#spenders.set(key, others);
    }
    for (let vout = 0; vout < entry.tx.outputs.length; vout++) {
      this.#coins.delete(outPointKey({ txid: entry.tx.txid, vout }));
    }
    return [deleteTransaction(this.#id, txidHex)];
  }

  /**
   * Marks the transactions that conflict with a transaction of a block, and their descendants (Core: MarkConflicted).
   * The block's transaction need not concern the wallet. Returns the writes.
   */
  confirmedElsewhere(tx: Transaction, block: BlockReference): StoreOperation[] {
    if (tx.isCoinbase) return [];
    return this.#markConflicts(this.conflictsOf(tx), block);
  }

  #markConflicts(conflicts: readonly LedgerEntry[], { height, blockHash }: BlockReference): StoreOperation[] {
    return this.#updateWithDescendants(conflicts, (entry) => {
      if (entry.confirmation || (entry.conflict && entry.conflict.height <= height)) return false;
      Object.assign(entry, { conflict: { height, blockHash }, inMempool: false });
      return true;
    });
  }

  /** Notes a mempool transaction, which need not concern the wallet, at those that conflict with it. */
  addMempoolConflict(tx: Transaction): void {
    this.#updateWithDescendants(this.conflictsOf(tx), (entry) => {
      if (entry.mempoolConflicts.has(tx.txidHex)) return false;
      entry.mempoolConflicts = new Set([...entry.mempoolConflicts, tx.txidHex]);
      return true;
    });
  }

  /** Undoes `addMempoolConflict` when the transaction leaves the mempool. */
  removeMempoolConflict(tx: Transaction): void {
    this.#updateWithDescendants(this.conflictsOf(tx), (entry) => {
      if (!entry.mempoolConflicts.has(tx.txidHex)) return false;
      entry.mempoolConflicts = new Set([...entry.mempoolConflicts].filter((txid) => txid !== tx.txidHex));
      return true;
    });
  }

  /** Marks a transaction as added to the mempool. Returns the writes. */
  mempoolAdded(entry: LedgerEntry): StoreOperation[] {
    const isChanged = entry.abandoned || entry.replaced || entry.conflict !== undefined;
    Object.assign(entry, { inMempool: true, abandoned: false, replaced: false, conflict: undefined });
    return isChanged ? [this.#put(entry)] : [];
  }

  /** Marks a transaction as replaced in the mempool. Returns the writes. */
  markReplaced(entry: LedgerEntry): StoreOperation[] {
    entry.replaced = true;
    return [this.#put(entry)];
  }

  /** Marks transactions and their descendants as given up, so that their inputs are unspent. Returns the writes. */
  abandon(entries: readonly LedgerEntry[]): StoreOperation[] {
    return this.#updateWithDescendants(entries, (entry) => {
      if (entry.confirmation || entry.abandoned) return false;
      Object.assign(entry, { abandoned: true, inMempool: false });
      return true;
    });
  }

  /**
   * Removes all confirmations above a height after a reorganisation. Coinbases of disconnected blocks and what spends
   * them are abandoned; the blocks' other transactions, and those that conflicted with them, become unconfirmed (Core:
   * blockDisconnected). `isActive` tells which of the blocks are in the active chain and are scanned again: their
   * coinbases are not abandoned. Returns the writes.
   */
  rewind(height: number, isActive: (block: BlockReference) => boolean = () => false): StoreOperation[] {
    const coinbases: LedgerEntry[] = [];
    const changed: LedgerEntry[] = [];
    for (const entry of this.#entries.values()) {
      const { confirmation, conflict } = entry;
      const isDisconnected = confirmation !== undefined && confirmation.height > height;
      if (!isDisconnected && !(conflict && conflict.height > height)) continue;
      if (isDisconnected && entry.tx.isCoinbase && !isActive(confirmation)) coinbases.push(entry);
      Object.assign(entry, { confirmation: undefined, conflict: undefined });
      this.#trackConfirmation(entry);
      changed.push(entry);
    }
    return [...changed.map((entry) => this.#put(entry)), ...this.abandon(coinbases)];
  }

  /**
   * Applies `update` to entries and, if it returns true, to the spenders of their outputs. Returns the writes of the
   * entries that it changed (Core: RecursiveUpdateTxState).
   */
  #updateWithDescendants(entries: readonly LedgerEntry[], update: (entry: LedgerEntry) => boolean): StoreOperation[] {
    if (entries.length === 0) return [];
    const seen = new Set(entries);
    const operations: StoreOperation[] = [];
    // Iterating over a set also visits elements added meanwhile.
    for (const entry of seen) {
      if (!update(entry)) continue;
      operations.push(this.#put(entry));
      for (let vout = 0; vout < entry.tx.outputs.length; vout++) {
        for (const spender of this.#spenders.get(outPointKey({ txid: entry.tx.txid, vout })) ?? []) seen.add(spender);
      }
    }
    return operations;
  }

  #insert(entry: LedgerEntry): void {
    const { tx } = entry;
    this.#entries.set(tx.txidHex, entry);
    this.#trackConfirmation(entry);
    if (!tx.isCoinbase) {
      for (const { prevout } of tx.inputs) {
        const key = outPointKey(prevout);
        const spenders = this.#spenders.get(key);
        if (!spenders) this.#spenders.set(key, [entry]);
        else if (!spenders.includes(entry)) spenders.push(entry);
      }
    }
  }

  /** Adds the outputs that pay the wallet. Returns the writes of the keys that they use. */
  #addCoins(entry: LedgerEntry): StoreOperation[] {
    const { tx } = entry;
    const operations: StoreOperation[] = [];
    // A key that is used extends the window of watched keys, which another output may pay.
    for (let found = 0, last = -1; found > last; ) {
      last = found;
      found = 0;
      for (const [vout, output] of tx.outputs.entries()) {
        const key = this.#keys.find(output.scriptPubKey);
        if (!key) continue;
        found++;
        operations.push(...this.#keys.markUsed(key));
        const outpoint = { txid: tx.txid, vout };
        const coin = outPointKey(outpoint);
        if (!this.#coins.has(coin)) this.#coins.set(coin, { outpoint, output, key, entry });
      }
    }
    return operations;
  }

  #trackConfirmation(entry: LedgerEntry): void {
    if (entry.confirmation) this.#unconfirmed.delete(entry);
    else this.#unconfirmed.add(entry);
  }

  #put({ tx, time, confirmation, conflict, abandoned, replaced }: LedgerEntry): StoreOperation {
    return putTransaction(this.#id, {
      ...{ tx, time, abandoned, replaced },
      ...(confirmation ? { confirmation } : {}),
      ...(conflict ? { conflict } : {}),
    });
  }
}
