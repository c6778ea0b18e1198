import { z } from 'zod';
import type { Transaction, TxOut } from '../../../primitives/transaction.ts';
import { WalletError } from '../../../wallet/errors.ts';
import type { SubmitResult } from '../../../wallet/wallet.ts';
import { addressScript } from '../../arguments/address.ts';
import {
  amountArgument,
  booleanArgument,
  customArgument,
  integerArgument,
  integerSchema,
  objectArgument,
  optional,
  textArgument,
} from '../../arguments/arguments.ts';
import { buildOutputs, outputsArgument } from '../../arguments/transaction-outputs.ts';
import { hexJson } from '../../format/large-json.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import { type Method, method, type RpcContext } from '../../method/method.ts';
import { logRejected } from '../../method/reject.ts';
import type { AnyRpcNode } from '../../method/rpc-node.ts';
import { toRpcError } from '../../method/to-rpc-error.ts';
import { chooseFeeRate, DEFAULT_TARGET, type FeeChoice, feeRateSchema } from './fee-choice.ts';

const targetArgument = optional(
  integerArgument('conf_target', 'Confirmation target in blocks.'),
  undefined,
  String(DEFAULT_TARGET),
);
const modeArgument = optional(
  textArgument('estimate_mode', 'Checked, but the estimate is the same: unset, economical or conservative.'),
);
const rateArgument = optional(
  customArgument('fee_rate', 'numeric or string', feeRateSchema, 'The fee rate in sat/vB.'),
  undefined,
  'the estimate for conf_target',
);

const sendOptions = z.strictObject({
  add_to_wallet: z.boolean().optional(),
  conf_target: integerSchema.optional(),
  estimate_mode: z.string().optional(),
  fee_rate: feeRateSchema.optional(),
  subtract_fee_from_outputs: z.array(integerSchema).optional(),
});
type SendOptions = z.infer<typeof sendOptions>;

/** Methods that make payments from a wallet. */
export const walletPaymentMethods: readonly Method<AnyRpcNode>[] = [
  method({
    name: 'sendtoaddress',
    category: 'Wallet',
    description: 'Sends an amount to an address.',
    arguments: [
      textArgument('address', 'The address to send to.'),
      amountArgument('amount', 'The amount in BTC to send.'),
      optional(textArgument('comment', 'Ignored.')),
      optional(textArgument('comment_to', 'Ignored.')),
      optional(booleanArgument('subtractfeefromamount', 'Whether the fee is deducted from the amount.'), false),
      optional(booleanArgument('replaceable', 'Ignored: any transaction can be replaced (full RBF).')),
      targetArgument,
      modeArgument,
      optional(booleanArgument('avoid_reuse', 'Ignored.')),
      rateArgument,
      optional(booleanArgument('verbose', 'Whether to return the source of the fee rate too.'), false),
    ],
    result: '"txid", or { "txid": hash, "fee_reason": text }',
    example: '"bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202" 0.1',
    handler: async (context, address, value, _comment, _to, subtractFee, _rbf, target, mode, _reuse, rate, verbose) => {
      const wallet = context.wallet();
      const scriptPubKey = addressScript(address, context.node.params.address, `Invalid Bitcoin address: ${address}`);
      const feeRate = await chooseFeeRate(context, { rate, target, mode });
      const { tx } = await wallet.send([{ value, scriptPubKey }], { feeRate, subtractFee }, submitter(context));
      const reason = rate === undefined ? 'Estimated from the mempool' : 'Fee rate of the caller';
      return verbose ? { txid: tx.txidHex, fee_reason: reason } : tx.txidHex;
    },
  }),
  method({
    name: 'send',
    category: 'Wallet',
    description:
      'Sends a transaction with the given outputs. With the option add_to_wallet false, the signed transaction is only\n' +
      'returned, to be looked at, and to be sent by sendrawtransaction; its change address stays the next one until then.',
    arguments: [
      outputsArgument,
      targetArgument,
      modeArgument,
      rateArgument,
      optional(
        objectArgument(
          'options',
          sendOptions,
          'add_to_wallet (default true): whether the transaction is recorded and sent; conf_target, estimate_mode and fee_rate instead of the arguments; subtract_fee_from_outputs (default []): indexes of the outputs that the fee is deducted from, in equal parts, all of them or none. The other options of Core are refused.',
          'options',
        ),
        {},
        'none',
      ),
    ],
    result: '{ "txid": hash, "hex": hex (only with add_to_wallet false), "complete": true }',
    example: '\'{"bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202": 0.1}\' null unset 5 \'{"add_to_wallet": false}\'',
    handler: async (context, pairs, target, mode, rate, options: SendOptions) => {
      const wallet = context.wallet();
      const feeRate = await chooseFeeRate(context, mergeFeeChoice({ rate, target, mode }, options));
      const outputs = await buildOutputs(pairs, context.node.params.address, context.call.step);
      if (outputs.length === 0) throw invalid('TX must have at least one output');
      const subtractFee = subtractsFee(options, outputs);
      const isSent = options.add_to_wallet ?? true;
      const making = isSent
        ? wallet.send(outputs, { feeRate, subtractFee }, submitter(context))
        : wallet.createTransaction(outputs, { feeRate, subtractFee, reserveChange: false });
      const { tx } = await making.catch((error: unknown) => {
        throw asWalletError(error);
      });
      return { txid: tx.txidHex, hex: isSent ? undefined : hexJson(tx.encode()), complete: true };
    },
  }),
];

/** Returns the function that offers a payment to the node. */
function submitter({ node }: RpcContext<AnyRpcNode>): (tx: Transaction) => Promise<SubmitResult> {
  return async (made) => {
    const result = await node.submitTransaction(made);
    const reject = 'reject' in result ? result.reject : undefined;
    if (reject) logRejected(node, made, reject);
    return { reject };
  };
}

/** Gives what a wallet refuses the code that Core gives it here: `sendtoaddress` has others. */
function asWalletError(error: unknown): unknown {
  if (!(error instanceof WalletError)) return error;
  return new RpcError(RpcCode.WALLET_ERROR, toRpcError(error)!.message, { cause: error });
}

/** Takes the fee from the arguments or the options (Core: InterpretFeeEstimationInstructions). */
function mergeFeeChoice({ rate, target, mode }: FeeChoice, options: SendOptions): FeeChoice {
  const hasEstimate = options.conf_target !== undefined || options.estimate_mode !== undefined;
  if (hasEstimate && (target !== undefined || mode !== undefined)) {
    throw invalid('Pass conf_target and estimate_mode either as arguments or in the options object, but not both');
  }
  if (options.fee_rate !== undefined && rate !== undefined) {
    throw invalid('Pass the fee_rate either as an argument, or in the options object, but not both');
  }
  const merged = {
    rate: rate ?? options.fee_rate,
    target: target ?? options.conf_target,
    mode: mode ?? options.estimate_mode,
  };
  if (merged.target !== undefined && (merged.mode === undefined || merged.mode === 'unset')) {
    throw invalid('Specify estimate_mode');
  }
  return merged;
}

/** Returns whether the outputs pay the fee (Core: InterpretSubtractFeeFromOutputInstructions). */
function subtractsFee({ subtract_fee_from_outputs: given = [] }: SendOptions, outputs: readonly TxOut[]): boolean {
  for (const [i, index] of given.entries()) {
    if (given.indexOf(index) < i)
      throw invalid(`Invalid parameter 'subtract fee from output', duplicated position: ${index}`);
    if (index < 0) throw invalid(`Invalid parameter 'subtract fee from output', negative position: ${index}`);
    if (index >= outputs.length)
      throw invalid(`Invalid parameter 'subtract fee from output', position too large: ${index}`);
  }
  if (given.length > 0 && given.length < outputs.length) {
    throw invalid('Only a fee that all outputs pay, or none, is supported');
  }
  return given.length > 0;
}

function invalid(message: string): RpcError {
  return new RpcError(RpcCode.INVALID_PARAMETER, message);
}
