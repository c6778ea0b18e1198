import { z } from 'zod';
import { MAX_FEE_RATE } from '../../../wallet/payment.ts';
import { amountOfDecimals, nested } from '../../arguments/arguments.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import type { RpcContext } from '../../method/method.ts';
import type { AnyRpcNode } from '../../method/rpc-node.ts';
import { estimateFeeRate } from '../mempool/estimate-fee.ts';

/** Default confirmation target in blocks (Core: DEFAULT_TX_CONFIRM_TARGET). */
export const DEFAULT_TARGET = 6;
/** Maximum confirmation target in blocks (Core: LONG_BLOCK_PERIODS * LONG_SCALE). */
const MAX_TARGET = 1008;
/** Lowest fee rate chosen, in satoshis per virtual byte: peers may have a higher minimum relay fee than this node. */
const MIN_FEE_RATE = 1;

const milliSatoshisSchema = amountOfDecimals(3);

/** A fee rate in satoshis per virtual byte, with at most three decimals. */
export const feeRateSchema: z.ZodType<number> = z.unknown().transform((value, context): number => {
  return Number(nested(milliSatoshisSchema, value, context)) / 1000;
});

/** What a caller asks of the fee: a rate, or a target for the estimate. */
export interface FeeChoice {
  /** Satoshis per virtual byte. */
  readonly rate?: number | undefined;
  /** Blocks. */
  readonly target?: number | undefined;
  readonly mode?: string | undefined;
}

/**
 * Returns the fee rate of a payment in satoshis per virtual byte. Throws `RpcError` for arguments that contradict each
 * other (Core: SetFeeEstimateMode).
 */
export async function chooseFeeRate(
  { node: { mempool }, call }: RpcContext<AnyRpcNode>,
  { rate, target, mode }: FeeChoice,
): Promise<number> {
  if (rate !== undefined && target !== undefined) {
    throw invalid(
      'Cannot specify both conf_target and fee_rate. Please provide either a confirmation target in blocks for automatic fee estimation, or an explicit fee rate.',
    );
  }
  checkEstimate(target, mode, rate);
  // As in Core, a rate that is too high fails by the fee.
  if (rate !== undefined) return Math.min(rate, MAX_FEE_RATE);
  // A light node has no mempool to estimate from.
  if (!mempool) return MIN_FEE_RATE;
  const estimate = await estimateFeeRate(mempool, target ?? DEFAULT_TARGET, call.step);
  return Math.max(MIN_FEE_RATE, Number(estimate) / 1000);
}

/** Checks the arguments that the estimate of the fee rate depends on. */
function checkEstimate(target: number | undefined, mode: string | undefined, rate: number | undefined): void {
  if (rate !== undefined) {
    if (mode !== undefined && mode !== 'unset') throw invalid('Cannot specify both estimate_mode and fee_rate');
    return;
  }
  if (mode !== undefined && !['unset', 'economical', 'conservative'].includes(mode.toLowerCase())) {
    throw invalid('Invalid estimate_mode parameter, must be one of: "unset", "economical", "conservative"');
  }
  if (target !== undefined && (target < 1 || target > MAX_TARGET)) {
    throw invalid(`Invalid conf_target, must be between 1 and ${MAX_TARGET}`);
  }
}

function invalid(message: string): RpcError {
  return new RpcError(RpcCode.INVALID_PARAMETER, message);
}
