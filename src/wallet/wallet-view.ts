import type { AddressType } from './keys.ts';
import type { LedgerEntry, WalletCoin } from './ledger-entry.ts';

/** Satoshis of a wallet, divided as by Core's getbalances. */
export interface Balance {
  /** Confirmed coins and the wallet's own unconfirmed change. */
  readonly trusted: bigint;
  /** Unconfirmed payments from others. */
  readonly pending: bigint;
  /** Immature block rewards. */
  readonly immature: bigint;
}

/** An address that a wallet has handed out. */
export interface WalletAddress {
  readonly address: string;
  readonly type: AddressType;
  readonly path: string;
  readonly change: boolean;
  /** Whether a transaction pays the address. */
  readonly used: boolean;
  readonly label: string;
}

/** An unspent output of a wallet. */
export interface UnspentCoin extends WalletCoin {
  /** 0 if unconfirmed. */
  readonly confirmations: number;
  /** Whether the coin is confirmed or the wallet's own change (Core: CachedTxIsTrusted). */
  readonly isSafe: boolean;
  readonly isMature: boolean;
}

/** A transaction with its effect on a wallet. */
export interface WalletTransaction {
  readonly entry: LedgerEntry;
  /** 1 if the tip contains the transaction, 0 if unconfirmed, -1 if the tip conflicts with it, and so on. */
  readonly confirmations: number;
  /** Whether the transaction is confirmed, or spends trusted coins of the wallet only (Core: CachedTxIsTrusted). */
  readonly isTrusted: boolean;
  /** Satoshis of the wallet's coins that the transaction spends. */
  readonly debit: bigint;
  /** Satoshis that the transaction pays the wallet. */
  readonly credit: bigint;
  /** Satoshis; undefined unless all inputs are the wallet's. */
  readonly fee: bigint | undefined;
}
