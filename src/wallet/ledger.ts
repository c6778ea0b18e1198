import { type OutPoint, outPointKey } from '../primitives/outpoint.ts';
import type { Transaction, TxOut } from '../primitives/transaction.ts';
import type { StoreOperation } from '../store/store.ts';
import type { KeyPool } from './key-pool.ts';
import {
  type Confirmation,
  deleteTransaction,
  type KeyRecord,
  putTransaction,
  type TransactionRecord,
} from './records.ts';

/** A transaction of the wallet and its current state. */
export interface LedgerEntry {
  readonly tx: Transaction;
  /** Unix seconds when the wallet first saw the transaction. */
  readonly time: number;
  confirmation: Confirmation | undefined;
  /** Whether a block spends one of its inputs, or an input of an unconfirmed ancestor, with another transaction. */
  conflicted: boolean;
  inMempool: boolean;
}

/** An output of the wallet, spent or unspent. */
export interface WalletCoin {
  readonly outpoint: OutPoint;
  readonly output: TxOut;
  readonly key: KeyRecord;
  readonly entry: LedgerEntry;
}

/** The transactions of one wallet, and the coins that they create and spend. */
export class Ledger {
  readonly #id: number;
  readonly #keys: KeyPool;
  readonly #entries = new Map<string, LedgerEntry>();
  /** Outputs of the wallet, spent or unspent, by `outPointKey`. */
  readonly #coins = new Map<string, WalletCoin>();
  /** Transactions that spend an outpoint, by `outPointKey`; more than one if they conflict. */
  readonly #spenders = new Map<string, Set<LedgerEntry>>();

  constructor(id: number, keys: KeyPool, records: Iterable<TransactionRecord>) {
    this.#id = id;
    this.#keys = keys;
    for (const { tx, time, confirmation, conflicted } of records) {
      this.#insert({ tx, time, confirmation, conflicted: conflicted ?? false, inMempool: false });
    }
  }

  get(txidHex: string): LedgerEntry | undefined {
    return this.#entries.get(txidHex);
  }

  /** Returns all transactions, oldest first: by height and position, then the unconfirmed ones by time. */
  entries(): LedgerEntry[] {
    const height = (entry: LedgerEntry) => entry.confirmation?.height ?? Number.MAX_SAFE_INTEGER;
    const position = (entry: LedgerEntry) => entry.confirmation?.position ?? entry.time;
    return [...this.#entries.values()].sort((a, b) => height(a) - height(b) || position(a) - position(b));
  }

  coin(outpoint: OutPoint): WalletCoin | undefined {
    return this.#coins.get(outPointKey(outpoint));
  }

  coins(): Iterable<WalletCoin> {
    return this.#coins.values();
  }

  /** Returns whether a transaction that is not conflicted spends the coin. */
  isSpent(outpoint: OutPoint): boolean {
    for (const spender of this.#spenders.get(outPointKey(outpoint)) ?? []) if (!spender.conflicted) return true;
    return false;
  }

  /** Returns the wallet's outputs that no confirmed transaction spends, without those of conflicted transactions. */
  unspentInBlocks(): OutPoint[] {
    const isSpentInBlock = (key: string) => {
      for (const { confirmation } of this.#spenders.get(key) ?? []) if (confirmation) return true;
      return false;
    };
    return [...this.#coins]
      .filter(([key, { entry }]) => !entry.conflicted && !isSpentInBlock(key))
      .map(([, { outpoint }]) => outpoint);
  }

  /** Returns the other transactions that spend an input of this one. */
  conflictsOf(tx: Transaction): LedgerEntry[] {
    const spenders = tx.inputs.flatMap(({ prevout }) => [...(this.#spenders.get(outPointKey(prevout)) ?? [])]);
    return spenders.filter((entry) => entry.tx.txidHex !== tx.txidHex);
  }

  /** Returns whether a transaction, known or not, conflicts with a block. */
  isConflicted(tx: Transaction): boolean {
    return (
      this.conflictsOf(tx).some(({ confirmation }) => confirmation) ||
      tx.inputs.some(({ prevout }) => this.coin(prevout)?.entry.conflicted)
    );
  }

  /** Returns whether the transaction pays the wallet or spends a coin of the wallet. */
  concerns(tx: Transaction): boolean {
    if (this.#entries.has(tx.txidHex)) return true;
    for (const { prevout } of tx.inputs) if (this.#coins.has(outPointKey(prevout))) return true;
    for (const { scriptPubKey } of tx.outputs) if (this.#keys.find(scriptPubKey)) return true;
    return false;
  }

  /** Adds or updates a transaction, confirmed or not. Returns the writes. */
  record(tx: Transaction, time: number, confirmation: Confirmation | undefined): StoreOperation[] {
    const known = this.#entries.get(tx.txidHex);
    const entry = known ?? { tx, time, confirmation, conflicted: false, inMempool: false };
    const operations: StoreOperation[] = [];
    if (known) {
      known.confirmation = confirmation;
      known.conflicted = false;
    } else {
      this.#insert(entry);
      for (const { scriptPubKey } of tx.outputs) {
        const key = this.#keys.find(scriptPubKey);
        if (key) operations.push(...this.#keys.markUsed(key));
      }
    }
    operations.push(this.#put(entry));
    if (confirmation) operations.push(...this.#markConflicts(entry));
    return operations;
  }

  /** Removes an unconfirmed transaction. Returns the writes. */
  forget(txidHex: string): StoreOperation[] {
    const entry = this.#entries.get(txidHex);
    if (!entry) return [];
    this.#entries.delete(txidHex);
    for (const { prevout } of entry.tx.inputs) this.#spenders.get(outPointKey(prevout))?.delete(entry);
    for (let vout = 0; vout < entry.tx.outputs.length; vout++) {
      this.#coins.delete(outPointKey({ txid: entry.tx.txid, vout }));
    }
    return [deleteTransaction(this.#id, txidHex)];
  }

  /**
   * Removes all confirmations above a height after a reorganisation. Coinbases of disconnected blocks become
   * conflicted; their other transactions, and those that conflicted with them, become unconfirmed. Returns the writes.
   */
  rewind(height: number): StoreOperation[] {
    const operations: StoreOperation[] = [];
    const disconnected = [...this.#entries.values()].filter(
      ({ confirmation }) => confirmation && confirmation.height > height,
    );
    if (disconnected.length === 0) return [];
    for (const entry of disconnected) {
      entry.confirmation = undefined;
      if (entry.tx.isCoinbase) entry.conflicted = true;
      operations.push(this.#put(entry));
    }
    for (const entry of this.#entries.values()) {
      if (!entry.conflicted || entry.tx.isCoinbase) continue;
      entry.conflicted = this.#hasConflict(entry);
      if (!entry.conflicted) operations.push(this.#put(entry));
    }
    return operations;
  }

  /** Marks the transactions that conflict with `confirmed`, and their descendants. */
  #markConflicts(confirmed: LedgerEntry): StoreOperation[] {
    const operations: StoreOperation[] = [];
    const pending: LedgerEntry[] = [confirmed];
    for (let entry = pending.pop(); entry; entry = pending.pop()) {
      // The confirmed transaction conflicts with spenders of its inputs, a conflicted one with spenders of its outputs.
      const outpoints =
        entry === confirmed
          ? entry.tx.inputs.map(({ prevout }) => prevout)
          : entry.tx.outputs.map((_, vout) => ({ txid: entry!.tx.txid, vout }));
      for (const outpoint of outpoints) {
        for (const spender of this.#spenders.get(outPointKey(outpoint)) ?? []) {
          if (spender === confirmed || spender.conflicted || spender.confirmation) continue;
          spender.conflicted = true;
          operations.push(this.#put(spender));
          pending.push(spender);
        }
      }
    }
    return operations;
  }

  /** Returns whether a confirmed transaction spends one of the inputs, or a parent is conflicted. */
  #hasConflict(entry: LedgerEntry): boolean {
    return entry.tx.inputs.some(({ prevout }) => {
      for (const other of this.#spenders.get(outPointKey(prevout)) ?? [])
        if (other !== entry && other.confirmation) return true;
      const parent = this.#coins.get(outPointKey(prevout))?.entry;
      return parent?.conflicted === true && (parent.tx.isCoinbase || this.#hasConflict(parent));
    });
  }

  #insert(entry: LedgerEntry): void {
    const { tx } = entry;
    this.#entries.set(tx.txidHex, entry);
    for (const { prevout } of tx.inputs) {
      const key = outPointKey(prevout);
      const spenders = this.#spenders.get(key);
      if (spenders) spenders.add(entry);
      else this.#spenders.set(key, new Set([entry]));
    }
    for (const [vout, output] of tx.outputs.entries()) {
      const key = this.#keys.find(output.scriptPubKey);
      if (!key) continue;
      const outpoint = { txid: tx.txid, vout };
      this.#coins.set(outPointKey(outpoint), { outpoint, output, key, entry });
    }
  }

  #put({ tx, time, confirmation, conflicted }: LedgerEntry): StoreOperation {
    return putTransaction(this.#id, { tx, time, conflicted, ...(confirmation ? { confirmation } : {}) });
  }
}
