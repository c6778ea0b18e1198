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

/** A transaction of the wallet, as it stands now. */
export interface LedgerEntry {
  readonly tx: Transaction;
  /** Unix seconds at which the wallet first saw it. */
  readonly time: number;
  confirmation: Confirmation | undefined;
  /** A block holds another transaction that spends the same coins, so that this one can never be. */
  conflicted: boolean;
  inMempool: boolean;
}

/** An output that is or was the wallet's. */
export interface WalletCoin {
  readonly outpoint: OutPoint;
  readonly output: TxOut;
  readonly key: KeyRecord;
  readonly entry: LedgerEntry;
}

/** The transactions that concern one wallet, and the coins that they give and take. */
export class Ledger {
  readonly #id: number;
  readonly #keys: KeyPool;
  readonly #entries = new Map<string, LedgerEntry>();
  /** Outputs of the wallet, spent ones too, by `outPointKey`. */
  readonly #coins = new Map<string, WalletCoin>();
  /** Entries that spend an outpoint, by its key; more than one where they conflict. */
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

  /** Oldest first: by block and position in it, the unconfirmed ones last, by time. */
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

  /** Whether a transaction that is not known to be in vain spends the coin. */
  isSpent(outpoint: OutPoint): boolean {
    for (const spender of this.#spenders.get(outPointKey(outpoint)) ?? []) if (!spender.conflicted) return true;
    return false;
  }

  /** Outputs of transactions that are not in vain, unless a transaction in a block spends them. */
  unspentInBlocks(): OutPoint[] {
    const isSpentInBlock = (key: string) => {
      for (const { confirmation } of this.#spenders.get(key) ?? []) if (confirmation) return true;
      return false;
    };
    return [...this.#coins]
      .filter(([key, { entry }]) => !entry.conflicted && !isSpentInBlock(key))
      .map(([, { outpoint }]) => outpoint);
  }

  /** Other entries that spend one of the coins that the transaction spends. */
  rivals(tx: Transaction): LedgerEntry[] {
    const spenders = tx.inputs.flatMap(({ prevout }) => [...(this.#spenders.get(outPointKey(prevout)) ?? [])]);
    return spenders.filter((entry) => entry.tx.txidHex !== tx.txidHex);
  }

  /** Whether a block has decided that the transaction can never be. */
  isRefuted(tx: Transaction): boolean {
    return (
      this.rivals(tx).some(({ confirmation }) => confirmation) ||
      tx.inputs.some(({ prevout }) => this.coin(prevout)?.entry.conflicted)
    );
  }

  /** Whether the transaction pays the wallet, or spends a coin of it. */
  concerns(tx: Transaction): boolean {
    if (this.#entries.has(tx.txidHex)) return true;
    for (const { prevout } of tx.inputs) if (this.#coins.has(outPointKey(prevout))) return true;
    for (const { scriptPubKey } of tx.outputs) if (this.#keys.find(scriptPubKey)) return true;
    return false;
  }

  /** Takes note of a transaction, new or known, that stands in a block or in none. Returns what is to be stored. */
  record(tx: Transaction, time: number, confirmation: Confirmation | undefined): StoreOperation[] {
    const known = this.#entries.get(tx.txidHex);
    // One txid may come with another witness; the one that a block holds counts.
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

  /** Forgets a transaction that was never sent, or that nothing vouches for. */
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
   * Takes back all confirmations above a height, after a reorganisation. Rewards of lost blocks are gone; everything
   * else is unconfirmed again, also what was in vain because of a lost block.
   */
  rewind(height: number): StoreOperation[] {
    const operations: StoreOperation[] = [];
    const lost = [...this.#entries.values()].filter(({ confirmation }) => confirmation && confirmation.height > height);
    if (lost.length === 0) return [];
    for (const entry of lost) {
      entry.confirmation = undefined;
      if (entry.tx.isCoinbase) entry.conflicted = true;
      operations.push(this.#put(entry));
    }
    for (const entry of this.#entries.values()) {
      if (!entry.conflicted || entry.tx.isCoinbase) continue;
      entry.conflicted = this.#isInVain(entry);
      if (!entry.conflicted) operations.push(this.#put(entry));
    }
    return operations;
  }

  /** Marks what spends a coin that `confirmed` has spent, and what builds on that. */
  #markConflicts(confirmed: LedgerEntry): StoreOperation[] {
    const operations: StoreOperation[] = [];
    const pending: LedgerEntry[] = [confirmed];
    for (let entry = pending.pop(); entry; entry = pending.pop()) {
      // Of the confirmed one, who else spends what it spent; of one in vain, who spends what it would have made.
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

  /** Whether a block spends one of its coins otherwise, or one of its parents is in vain. */
  #isInVain(entry: LedgerEntry): boolean {
    return entry.tx.inputs.some(({ prevout }) => {
      for (const other of this.#spenders.get(outPointKey(prevout)) ?? [])
        if (other !== entry && other.confirmation) return true;
      const parent = this.#coins.get(outPointKey(prevout))?.entry;
      return parent?.conflicted === true && (parent.tx.isCoinbase || this.#isInVain(parent));
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
