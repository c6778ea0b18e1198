export { COIN, formatAmount, formatMoney, MAX_MONEY, moneyRange, parseAmount } from './amount.ts';
export { Block } from './block.ts';
export { BlockHeader, type BlockHeaderFields, HEADER_SIZE } from './header.ts';
export { formatOutPoint, isNullOutPoint, NULL_VOUT, nullOutPoint, type OutPoint, outPointKey } from './outpoint.ts';
export {
  SEQUENCE_FINAL,
  Transaction,
  type TransactionFields,
  type TxIn,
  type TxOut,
  WITNESS_SCALE_FACTOR,
} from './transaction.ts';
