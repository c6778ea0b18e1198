import { COIN } from '../primitives/amount.ts';
import type { ChainParams } from './params.ts';

/** Returns the new satoshis that the block at `height` may create (Core: GetBlockSubsidy). */
export function blockSubsidy(height: number, params: ChainParams): bigint {
  return (50n * COIN) >> BigInt(Math.floor(height / params.subsidyHalvingInterval));
}
