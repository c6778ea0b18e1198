/**
 * Transactions, blocks and headers with their encodings, outpoints, and amounts in satoshis. Runs in browsers as well.
 *
 * @example
 * ```ts
 * import { chainParams } from 'pier/consensus';
 * import { Block, formatAmount } from 'pier/primitives';
 *
 * const bytes = chainParams('main').genesis.encode();
 * const block = Block.decode(bytes);
 * console.log(block.hashHex); // 000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f
 * const [coinbase] = block.transactions;
 * console.log(coinbase!.txidHex); // 4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b
 * console.log(formatAmount(coinbase!.outputs[0]!.value)); // 50.00000000
 * ```
 *
 * @module pier/primitives
 * @packageDocumentation
 */

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
