import type { OutPoint } from '../primitives/outpoint.ts';
import type { TxOut } from '../primitives/transaction.ts';

/** An unspent output, with what the rules need to know of where it was made. */
export interface Coin {
  readonly output: TxOut;
  /** Of the block that made it. */
  readonly height: number;
  readonly isCoinbase: boolean;
}

/** Unspent outputs, by what names them. */
export interface CoinView {
  getCoin(outpoint: OutPoint): Coin | undefined;
}
