import { z } from 'zod';
import { COIN } from '../../primitives/amount.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import { MAX_SCRIPT_ELEMENT_SIZE } from '../../script/limits.ts';
import { Op } from '../../script/opcodes.ts';
import { isUnspendable, parseScript } from '../../script/script.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';
import { type Argument, amountArgument, amountSchema, nested, optional, refuse } from './arguments.ts';

/** Satoshis per 1,000 virtual bytes (Core: DEFAULT_MAX_RAW_TX_FEE_RATE, 0.10 BTC/kvB). */
const DEFAULT_MAX_FEE_RATE = 10_000_000n;

/** A fee rate, in satoshis per 1,000 virtual bytes (Core: ParseFeeRate). */
const feeRateSchema: z.ZodType<bigint> = z.unknown().transform((value, context) => {
  const rate = nested(amountSchema, value, context);
  if (rate < COIN) return rate;
  const message = 'Fee rates larger than or equal to 1BTC/kvB are not accepted';
  return refuse(context, RpcCode.INVALID_PARAMETER, message);
});

/** The optional argument `maxfeerate`, in satoshis per 1,000 virtual bytes. */
export const maxFeeRateArgument: Argument<bigint> = optional(
  {
    ...amountArgument(
      'maxfeerate',
      'Reject transactions whose fee rate is higher than this, in BTC/kvB, below 1. 0 accepts any fee rate.',
    ),
    schema: feeRateSchema,
  },
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
  if (!tx.outputs.some(({ scriptPubKey, value }) => value > maxBurn && !isSpendable(scriptPubKey))) return;
  const message = 'Unspendable output exceeds maximum configured by user (maxburnamount)';
  throw new RpcError(RpcCode.VERIFY_ERROR, message);
}

/** Returns whether a script may be spendable: it also has no operation that fails wherever it is (Core: HasValidOps). */
function isSpendable(script: Uint8Array): boolean {
  if (isUnspendable(script)) return false;
  const operations = parseScript(script);
  return !!operations?.every(
    ({ opcode, data }) => opcode <= Op.OP_NOP10 && (data?.length ?? 0) <= MAX_SCRIPT_ELEMENT_SIZE,
  );
}
