import { formatAmount } from '../../primitives/amount.ts';
import { WITNESS_SCALE_FACTOR } from '../../primitives/transaction.ts';
import { BYTES_PER_SIGOP } from './constants.ts';

/** Fee rates are in satoshis per this many virtual bytes. */
const FEE_RATE_UNIT = 1000n;

/** The satoshis that `vsize` virtual bytes cost at `rate` satoshis per 1,000, rounded up. */
export function feeAtRate(rate: bigint, vsize: number): bigint {
  return (rate * BigInt(vsize) + FEE_RATE_UNIT - 1n) / FEE_RATE_UNIT;
}

/** Satoshis per 1,000 virtual bytes, rounded down. */
export function feeRate(fee: bigint, vsize: number): bigint {
  return (fee * FEE_RATE_UNIT) / BigInt(vsize);
}

/** A rate as Core shows it: `0.00001000 BTC/kvB`. */
export function formatFeeRate(rate: bigint): string {
  return `${formatAmount(rate)} BTC/kvB`;
}

/**
 * The virtual size that policy goes by: of a transaction that has more signature operations than usual for its
 * weight, as if it weighed 20 for each (Core: GetVirtualTransactionSize).
 */
export function policyVsize(weight: number, sigOpCost: number): number {
  return Math.ceil(Math.max(weight, sigOpCost * BYTES_PER_SIGOP) / WITNESS_SCALE_FACTOR);
}
