import type { OutPoint } from '../primitives/outpoint.ts';
import type { TxOut } from '../primitives/transaction.ts';

/** An unspent output and its origin (Core: Coin). */
export interface Coin {
  readonly output: TxOut;
  /** The height of the block that created the output. */
  readonly height: number;
  /** Whether a coinbase created the output. */
  readonly isCoinbase: boolean;
}

/** A set of unspent outputs (Core: CCoinsView). */
export interface CoinView {
  /** Returns the unspent output at `outpoint`; undefined if it does not exist or is spent. */
  getCoin(outpoint: OutPoint): Coin | undefined;
}
