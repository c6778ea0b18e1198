import { COIN } from '../primitives/amount.ts';
import type { ChainParams } from './params.ts';

/**
 * Returns the new satoshis that the block at `height` may create (Core: GetBlockSubsidy).
 *
 * @example
 * ```ts
 * import { blockSubsidy, chainParams } from 'pier/consensus';
 * import { formatAmount } from 'pier/primitives';
 *
 * console.log(formatAmount(blockSubsidy(840_000, chainParams('main')))); // 3.12500000
 * ```
 */
export function blockSubsidy(height: number, params: ChainParams): bigint {
  return (50n * COIN) >> BigInt(Math.floor(height / params.subsidyHalvingInterval));
}
