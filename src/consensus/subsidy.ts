import { COIN } from '../primitives/amount.ts';
import type { ChainParams } from './params.ts';

/** New satoshis that the block at `height` may create. */
export function blockSubsidy(height: number, params: ChainParams): bigint {
  const halvings = Math.floor(height / params.subsidyHalvingInterval);
  return halvings >= 64 ? 0n : (50n * COIN) >> BigInt(halvings);
}
