import { formatAmount } from '../../primitives/amount.ts';
import { WITNESS_SCALE_FACTOR } from '../../primitives/transaction.ts';
import { BYTES_PER_SIGOP } from './constants.ts';

/** Virtual bytes that fee rates refer to. */
const FEE_RATE_UNIT = 1000n;

/** Returns the satoshis for `vsize` virtual bytes at `rate` satoshis per 1,000, rounded up (Core: CFeeRate::GetFee). */
export function feeAtRate(rate: bigint, vsize: number): bigint {
  return (rate * BigInt(vsize) + FEE_RATE_UNIT - 1n) / FEE_RATE_UNIT;
}

/** Returns the fee rate in satoshis per 1,000 virtual bytes, rounded down. */
export function feeRate(fee: bigint, vsize: number): bigint {
  return (fee * FEE_RATE_UNIT) / BigInt(vsize);
}

/** Formats a rate like Core: `0.00001000 BTC/kvB`. */
export function formatFeeRate(rate: bigint): string {
  return `${formatAmount(rate)} BTC/kvB`;
}

/**
 * Returns the virtual size for policy, in which each unit of signature operation cost counts at least 20 weight units
 * (Core: GetVirtualTransactionSize).
 */
export function policyVsize(weight: number, sigOpCost: number): number {
  return Math.ceil(Math.max(weight, sigOpCost * BYTES_PER_SIGOP) / WITNESS_SCALE_FACTOR);
}
