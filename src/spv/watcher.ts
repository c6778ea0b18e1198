import type { BlockIndex } from '../chain/tree/block-index.ts';
import type { Block } from '../primitives/block.ts';
import type { OutPoint } from '../primitives/outpoint.ts';
import type { Transaction } from '../primitives/transaction.ts';
import type { PaymentProof } from './payment-proof.ts';

/** Consumer of a scan: the wallets of a light node. */
export interface Watcher {
  /** Returns the last scanned block; it is on the active chain. */
  start(): BlockIndex;
  /**
   * Returns the block after which the scan continues: `scanned`, or a later one if the blocks in between cannot concern
   * the watcher, or an earlier one if later blocks are to be scanned again for scripts that `scripts` has added since.
   */
  resumeAfter?(scanned: BlockIndex): BlockIndex;
  /**
   * Returns the scriptPubKeys to match with a block: those that it has not been matched with. Without `index`, all that
   * are watched. The list may grow with every block passed to `found`.
   */
  scripts(index?: BlockIndex): readonly Uint8Array[];
  /** Receives a block whose filter matched; returns whether the block concerns the watcher. */
  found(index: BlockIndex, block: Block): boolean;
  /** Marks the blocks above `index` as not scanned. */
  rewindTo(index: BlockIndex): void;
  /** Marks all blocks up to `index` as scanned. */
  scanned(index: BlockIndex): void;
}

/** A transaction with the proof that a block contains it. */
export interface ProvedTransaction {
  /** Without its witness: the txid does not commit to it. */
  readonly transaction: Transaction;
  readonly proof: PaymentProof;
}

/** A watcher that accepts single transactions, which is what Bloom filters find (BIP37). */
export interface TransactionWatcher extends Watcher {
  /** Returns the watcher's outputs that no known block spends. */
  outPoints(): readonly OutPoint[];
  /** Receives matching transactions of one block, in block order; returns how many concern the watcher. May repeat. */
  proved(index: BlockIndex, transactions: readonly ProvedTransaction[]): number;
  /** Receives an unconfirmed transaction that a peer announced. It may be invalid. */
  announced(transaction: Transaction): void;
}
