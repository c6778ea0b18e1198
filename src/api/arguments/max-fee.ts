import type { Transaction } from '../../primitives/transaction.ts';
import { isUnspendable } from '../../script/script.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';
import { type Argument, amountArgument, optional } from './arguments.ts';

/** Satoshis per 1,000 virtual bytes: 0.10 BTC/kvB, as in Core. */
const DEFAULT_MAX_FEE_RATE = 10_000_000n;

export const maxFeeRateArgument: Argument<bigint> = optional(
  amountArgument(
    'maxfeerate',
    'Refuse what pays more than this many bitcoins per 1,000 virtual bytes; 0 for no limit.',
  ),
  DEFAULT_MAX_FEE_RATE,
  '0.10',
);

export const maxBurnArgument: Argument<bigint> = optional(
  amountArgument('maxburnamount', 'Refuse outputs that can never be spent and are worth more than this.'),
  0n,
);

/** The limit as an option of the mempool's; 0 stands for none. */
export function feeLimit(maxFeeRate: bigint): { maxFeeRate?: bigint } {
  return maxFeeRate === 0n ? {} : { maxFeeRate };
}

/** Throws `RpcError` where an output that nobody can spend is worth more than `maxBurn` satoshis. */
export function checkBurn(tx: Transaction, maxBurn: bigint): void {
  if (!tx.outputs.some(({ scriptPubKey, value }) => isUnspendable(scriptPubKey) && value > maxBurn)) return;
  const message = 'Unspendable output exceeds maximum configured by user (maxburnamount)';
  throw new RpcError(RpcCode.VERIFY_ERROR, message);
}
