import type { OutPoint } from '../primitives/outpoint.ts';
import type { Transaction, TxOut } from '../primitives/transaction.ts';
import type { BlockReference, Confirmation, KeyRecord } from './records.ts';

/** A transaction of the wallet and its current state (Core: CWalletTx, TxState). */
export interface LedgerEntry {
  readonly tx: Transaction;
  /** Unix seconds when the wallet first saw the transaction. */
  readonly time: number;
  confirmation: Confirmation | undefined;
  /** The block that spends an input of the transaction, or of an unconfirmed ancestor, with another transaction. */
  conflict: BlockReference | undefined;
  /** Whether the transaction is given up: by `abandon`, or because it or an ancestor is a disconnected coinbase. */
  abandoned: boolean;
  /** Whether another transaction has replaced it in the mempool (BIP125). */
  replaced: boolean;
  inMempool: boolean;
  /** Txids (hex) of mempool transactions that spend an input of it or of an ancestor. Not stored. */
  mempoolConflicts: ReadonlySet<string>;
}

/** The conflicts of almost all transactions. */
const NO_CONFLICTS: ReadonlySet<string> = new Set();

/** An output of the wallet, spent or unspent. */
export interface WalletCoin {
  readonly outpoint: OutPoint;
  readonly output: TxOut;
  readonly key: KeyRecord;
  readonly entry: LedgerEntry;
}

/** Returns the entry of a transaction that neither chain nor mempool contains. */
export function inactiveEntry(tx: Transaction, time: number): LedgerEntry {
  return {
    ...{ tx, time, confirmation: undefined, conflict: undefined },
    ...{ abandoned: false, replaced: false, inMempool: false, mempoolConflicts: NO_CONFLICTS },
  };
}

/** Returns whether the transaction waits for a block: nothing contradicts it, and it may be offered to the mempool. */
export function isPending(entry: LedgerEntry): boolean {
  return entry.confirmation === undefined && !entry.tx.isCoinbase && spendsCoins(entry);
}

/** Returns whether the inputs count as spent: the transaction is, or may still be, confirmed (Core: IsSpent). */
export function spendsCoins({ conflict, abandoned, replaced, mempoolConflicts }: LedgerEntry): boolean {
  return conflict === undefined && !abandoned && !replaced && mempoolConflicts.size === 0;
}
