import { z } from 'zod';
import { toReversedHex } from '../../../bytes/hex.ts';
import { WalletError } from '../../../wallet/errors.ts';
import { MAX_FEE_RATE } from '../../../wallet/payment.ts';
import { addressScript } from '../../arguments/address.ts';
import {
  amountArgument,
  booleanArgument,
  customArgument,
  hashArgument,
  integerArgument,
  optional,
  refuse,
  textArgument,
} from '../../arguments/arguments.ts';
import { transactionJson } from '../../format/transaction-json.ts';
import { fullTransactionJson, paymentsJson, type WalletView, walletTransactionJson } from '../../format/wallet-json.ts';
import type { JsonObject } from '../../json/json.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import type { Step } from '../../json/step.ts';
import { type Method, method, type RpcContext } from '../../method/method.ts';
import { logRejected } from '../../method/reject.ts';
import type { AnyRpcNode } from '../../method/rpc-node.ts';
import { estimateFeeRate } from '../mempool/estimate-fee.ts';

/** Default confirmation target in blocks (Core: DEFAULT_TX_CONFIRM_TARGET). */
const DEFAULT_TARGET = 6;
/** Maximum confirmation target in blocks (Core: LONG_BLOCK_PERIODS * LONG_SCALE). */
const MAX_TARGET = 1008;
/** Lowest fee rate chosen, in satoshis per virtual byte: peers may have a higher minimum relay fee than this node. */
const MIN_FEE_RATE = 1;

/** A fee rate in satoshis per virtual byte, with at most three decimals. */
const feeRateSchema = z.unknown().transform((value, context): number => {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return refuse(context, RpcCode.TYPE_ERROR, 'Amount is not a number or string');
  if (!/^\d{1,9}(\.\d{1,3})?$/.test(text)) return refuse(context, RpcCode.TYPE_ERROR, 'Invalid amount');
  return Number(text);
});

/** Methods for a wallet's transactions. */
export const walletTransactionMethods: readonly Method<AnyRpcNode>[] = [
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
      optional(integerArgument('conf_target', 'Confirmation target in blocks.'), undefined, String(DEFAULT_TARGET)),
      optional(
        textArgument('estimate_mode', 'Checked, but the estimate is the same: unset, economical or conservative.'),
      ),
      optional(booleanArgument('avoid_reuse', 'Ignored.')),
      optional(
        customArgument('fee_rate', 'numeric or string', feeRateSchema, 'The fee rate in sat/vB.'),
        undefined,
        'the estimate for conf_target',
      ),
      optional(booleanArgument('verbose', 'Whether to return the source of the fee rate too.'), false),
    ],
    result: '"txid", or { "txid": hash, "fee_reason": text }',
    example: '"bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202" 0.1',
    handler: async (context, address, value, _comment, _to, subtractFee, _rbf, target, mode, _reuse, rate, verbose) => {
      const { node } = context;
      const wallet = context.wallet();
      const scriptPubKey = addressScript(address, node.params.address, `Invalid Bitcoin address: ${address}`);
      if (rate !== undefined && target !== undefined) {
        const message =
          'Cannot specify both conf_target and fee_rate. Please provide either a confirmation target in blocks for automatic fee estimation, or an explicit fee rate.';
        throw new RpcError(RpcCode.INVALID_PARAMETER, message);
      }
      checkEstimate(target, mode, rate);
      // As in Core, a rate that is too high fails by the fee.
      const feeRate =
        rate !== undefined ? Math.min(rate, MAX_FEE_RATE) : await estimatedFeeRate(context, target ?? DEFAULT_TARGET);
      const { tx } = await wallet.send([{ value, scriptPubKey }], { feeRate, subtractFee }, async (made) => {
        const result = await node.submitTransaction(made);
        const reject = 'reject' in result ? result.reject : undefined;
        if (reject) logRejected(node, made, reject);
        return { reject };
      });
      const reason = rate === undefined ? 'Estimated from the mempool' : 'Fee rate of the caller';
      return verbose ? { txid: tx.txidHex, fee_reason: reason } : tx.txidHex;
    },
  }),
  method({
    name: 'gettransaction',
    category: 'Wallet',
    description: 'Returns details of a wallet transaction.',
    arguments: [
      hashArgument('txid', 'The transaction id.'),
      optional(booleanArgument('include_watchonly', 'Ignored.')),
      optional(booleanArgument('verbose', 'Whether to include the decoded transaction.'), false),
    ],
    result:
      '{ "amount": amount, "fee": amount, "confirmations": n, "generated": bool, "trusted": bool, "blockhash": hash,\n' +
      '  "blockheight": n, "blockindex": n, "blocktime": unixtime, "txid": hash, "wtxid": hash, "time": unixtime,\n' +
      '  "bip125-replaceable": "yes|no|unknown", "details": [{ "address", "category", "amount", "label", "vout", "fee",\n' +
      '  "abandoned" }, ...], "hex": hex, "decoded": {...}, "lastprocessedblock": { "hash", "height" } }',
    example: '"txid"',
    handler: (context, txid, _watchOnly, verbose) => {
      const view = viewOf(context);
      const transaction = view.wallet.transaction(toReversedHex(txid));
      if (!transaction) {
        throw new RpcError(RpcCode.INVALID_ADDRESS_OR_KEY, 'Invalid or non-wallet transaction id');
      }
      const { lastprocessedblock, ...shown } = fullTransactionJson(transaction, view);
      const prefixes = context.node.params.address;
      const decoded = verbose ? transactionJson(transaction.entry.tx, { prefixes }) : undefined;
      return { ...shown, decoded, lastprocessedblock };
    },
  }),
  method({
    name: 'abandontransaction',
    category: 'Wallet',
    description:
      'Marks an unconfirmed transaction and its descendants as abandoned, so that their inputs can be spent again. The\n' +
      'transaction must be neither in a block nor in the mempool. It is no longer submitted, but a peer may still relay it.',
    arguments: [hashArgument('txid', 'The transaction id.')],
    result: 'null',
    example: '"txid"',
    handler: async (context, txid) => {
      const wallet = context.wallet();
      const txidHex = toReversedHex(txid);
      if (!wallet.transaction(txidHex)) {
        throw new RpcError(RpcCode.INVALID_ADDRESS_OR_KEY, 'Invalid or non-wallet transaction id');
      }
      await wallet.abandon(txidHex).catch((error: unknown) => {
        if (!(error instanceof WalletError) || error.code !== 'not-abandonable') throw error;
        throw new RpcError(RpcCode.INVALID_ADDRESS_OR_KEY, 'Transaction not eligible for abandonment');
      });
      return null;
    },
  }),
  method({
    name: 'listtransactions',
    category: 'Wallet',
    description: 'Lists the most recent payments to and from the wallet, oldest first.',
    arguments: [
      optional(
        textArgument('label', 'Only incoming payments to addresses with this label; "*" for all payments.'),
        '*',
        '"*"',
      ),
      optional(integerArgument('count', 'The number of payments to return.'), 10),
      optional(integerArgument('skip', 'The number of most recent payments to skip.'), 0),
      optional(booleanArgument('include_watchonly', 'Ignored.')),
    ],
    result: '[{ the fields of gettransaction, and those of one item of its details }, ...]',
    handler: async (context, label, count, skip) => {
      if (count < 0) throw new RpcError(RpcCode.INVALID_PARAMETER, 'Negative count');
      if (skip < 0) throw new RpcError(RpcCode.INVALID_PARAMETER, 'Negative from');
      if (label === '') {
        throw new RpcError(RpcCode.INVALID_PARAMETER, 'Label argument must be a valid label name or "*".');
      }
      const payments = await latestPayments(viewOf(context), label, { count: skip + count, step: context.call.step });
      return payments.slice(skip).reverse();
    },
  }),
];

/** Checks the arguments that the estimate of the fee rate depends on (Core: SetFeeEstimateMode). */
function checkEstimate(target: number | undefined, mode: string | undefined, rate: number | undefined): void {
  const invalid = (message: string) => new RpcError(RpcCode.INVALID_PARAMETER, message);
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

/** Returns the estimated fee rate in satoshis per virtual byte. */
async function estimatedFeeRate({ node: { mempool }, call }: RpcContext<AnyRpcNode>, target: number): Promise<number> {
  // A light node has no mempool to estimate from.
  if (!mempool) return MIN_FEE_RATE;
  return Math.max(MIN_FEE_RATE, Number(await estimateFeeRate(mempool, target, call.step)) / 1000);
}

function viewOf(context: RpcContext<AnyRpcNode>): WalletView {
  const { chain, mempool } = context.node;
  return { wallet: context.wallet(), chain, mempool };
}

/** Returns the latest `count` payments, newest first. */
async function latestPayments(
  view: WalletView,
  label: string,
  { count, step }: { readonly count: number; readonly step: Step },
): Promise<JsonObject[]> {
  const latest: JsonObject[] = [];
  for (const transaction of view.wallet.history().reverse()) {
    const pause = step();
    if (pause) await pause;
    if (latest.length >= count) break;
    const where = walletTransactionJson(transaction, view);
    for (const payment of paymentsJson(transaction, view)) {
      // Only incoming payments have labels.
      const isSent = payment.category === 'send';
      if (label !== '*' && (isSent || payment.label !== label)) continue;
      const { abandoned, ...shown } = payment;
      latest.push(isSent ? { ...shown, ...where, abandoned } : { ...payment, ...where });
    }
  }
  return latest.slice(0, count);
}
