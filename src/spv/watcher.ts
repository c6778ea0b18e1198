import type { BlockIndex } from '../chain/tree/block-index.ts';
import type { Block } from '../primitives/block.ts';
import type { OutPoint } from '../primitives/outpoint.ts';
import type { Transaction } from '../primitives/transaction.ts';
import type { PaymentProof } from './payment-proof.ts';

/** Who looks for payments in a chain that is not there: a node's wallets. */
export interface Watcher {
  /** The last block that has been looked at, on the active chain. */
  start(): BlockIndex;
  /** From a block that has been looked at: the last one behind it before which there can be nothing. */
  skip?(scanned: BlockIndex): BlockIndex;
  /** The scripts of outputs that concern it; more may come with every block that is found. */
  scripts(): readonly Uint8Array[];
  /** Takes a block that may hold something; returns whether it did. */
  found(index: BlockIndex, block: Block): boolean;
  /** The blocks behind this one are to be looked at again. */
  setBack(index: BlockIndex): void;
  /** Everything up to here has been looked at. */
  scanned(index: BlockIndex): void;
}

/** A transaction that a block holds, and what shows it. */
export interface ProvedTransaction {
  /** Without its witness: no txid covers that. */
  readonly transaction: Transaction;
  readonly proof: PaymentProof;
}

/** A watcher that can do with single transactions, as Bloom filters find them (BIP37). */
export interface TransactionWatcher extends Watcher {
  /** Outputs of its own that no block is known to spend. */
  outPoints(): readonly OutPoint[];
  /**
   * Takes transactions of one block, in their order, that may concern it; returns how many do. The same ones may come
   * again.
   */
  proved(index: BlockIndex, transactions: readonly ProvedTransaction[]): number;
  /** Takes a transaction of which a peer says that it waits for a block. Nothing proves that. */
  announced(transaction: Transaction): void;
}
