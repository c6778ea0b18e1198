import type { Transaction } from '../../primitives/transaction.ts';
import { isUnspendable } from '../../script/script.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';
import { type Argument, amountArgument, optional } from './arguments.ts';

/** Satoshis per 1,000 virtual bytes (Core: DEFAULT_MAX_RAW_TX_FEE_RATE, 0.10 BTC/kvB). */
const DEFAULT_MAX_FEE_RATE = 10_000_000n;

/** The optional argument `maxfeerate`, in satoshis per 1,000 virtual bytes. */
export const maxFeeRateArgument: Argument<bigint> = optional(
  amountArgument(
    'maxfeerate',
    'Reject transactions whose fee rate is higher than this, in BTC/kvB. 0 accepts any fee rate.',
  ),
  DEFAULT_MAX_FEE_RATE,
  '0.10',
);

/** The optional argument `maxburnamount`, in satoshis. */
export const maxBurnArgument: Argument<bigint> = optional(
  amountArgument('maxburnamount', 'Reject transactions with a provably unspendable output greater than this, in BTC.'),
  0n,
);

/** Returns the fee rate limit as a mempool option; 0 means no limit. */
export function feeLimit(maxFeeRate: bigint): { maxFeeRate?: bigint } {
  return maxFeeRate === 0n ? {} : { maxFeeRate };
}

/** Throws `RpcError` if a provably unspendable output is worth more than `maxBurn` satoshis. */
export function checkBurn(tx: Transaction, maxBurn: bigint): void {
  if (!tx.outputs.some(({ scriptPubKey, value }) => isUnspendable(scriptPubKey) && value > maxBurn)) return;
  const message = 'Unspendable output exceeds maximum configured by user (maxburnamount)';
  throw new RpcError(RpcCode.VERIFY_ERROR, message);
}
