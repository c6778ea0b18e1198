import { z } from 'zod';
import { toReversedHex } from '../../../bytes/hex.ts';
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
import { type Method, method, type RpcContext } from '../../method/method.ts';
import { logRejected } from '../../method/reject.ts';
import type { AnyRpcNode } from '../../method/rpc-node.ts';
import { estimateFeeRate } from '../mempool/estimate-fee.ts';

/** Blocks within which a payment should be mined, where the caller does not say. */
const DEFAULT_TARGET = 6;
/** Satoshis per virtual byte: what every node relays, also ones that ask for more than this one. */
const LEAST_FEE_RATE = 1;

/** Satoshis per virtual byte, to three decimals. */
const feeRateSchema = z.unknown().transform((value, context): number => {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return refuse(context, RpcCode.TYPE_ERROR, 'Amount is not a number or string');
  if (!/^\d{1,9}(\.\d{1,3})?$/.test(text)) return refuse(context, RpcCode.TYPE_ERROR, 'Invalid amount');
  return Number(text);
});

/** Methods about a wallet's payments. */
export const walletTransactionMethods: readonly Method<AnyRpcNode>[] = [
  method({
    name: 'sendtoaddress',
    category: 'Wallet',
    description: 'Pays an address, with a fee on top unless it is to be subtracted.',
    arguments: [
      textArgument('address', 'Who is paid.'),
      amountArgument('amount', 'Bitcoins.'),
      optional(textArgument('comment', 'Not kept.')),
      optional(textArgument('comment_to', 'Not kept.')),
      optional(booleanArgument('subtractfeefromamount', 'Whether the one who is paid bears the fee.'), false),
      optional(booleanArgument('replaceable', 'Makes no difference: every transaction may be replaced.')),
      optional(
        integerArgument('conf_target', 'Within how many blocks; chooses the fee rate.'),
        undefined,
        String(DEFAULT_TARGET),
      ),
      optional(textArgument('estimate_mode', 'Makes no difference.')),
      optional(booleanArgument('avoid_reuse', 'Makes no difference.')),
      optional(
        customArgument('fee_rate', 'numeric or string', feeRateSchema, 'Satoshis per virtual byte.'),
        undefined,
        'as estimatesmartfee says',
      ),
      optional(booleanArgument('verbose', 'Whether to tell where the fee rate comes from.'), false),
    ],
    result: '"txid", or { "txid": hash, "fee_reason": text }',
    example: '"bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202" 0.1',
    handler: async (
      context,
      address,
      value,
      _comment,
      _to,
      subtractFee,
      _rbf,
      target,
      _mode,
      _reuse,
      rate,
      verbose,
    ) => {
      const { node } = context;
      const wallet = context.wallet();
      const scriptPubKey = addressScript(address, node.params.address, 'Invalid address');
      if (rate !== undefined && target !== undefined) {
        const message =
          'Cannot specify both conf_target and fee_rate. Please provide either a confirmation target in blocks for automatic fee estimation, or an explicit fee rate.';
        throw new RpcError(RpcCode.INVALID_PARAMETER, message);
      }
      const feeRate = rate ?? chosenFeeRate(context, target ?? DEFAULT_TARGET);
      const { tx } = await wallet.send([{ value, scriptPubKey }], { feeRate, subtractFee }, (made) => {
        const result = node.submitTransaction(made);
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
    description: 'A transaction that pays the wallet or is paid by it.',
    arguments: [
      hashArgument('txid', 'The transaction.'),
      optional(booleanArgument('include_watchonly', 'Makes no difference.')),
      optional(booleanArgument('verbose', 'Whether to show it decoded as well.'), false),
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
    name: 'listtransactions',
    category: 'Wallet',
    description: 'The latest payments to and from the wallet, oldest first.',
    arguments: [
      optional(textArgument('label', 'Only payments to addresses with this label; "*" for all.'), '*', '"*"'),
      optional(integerArgument('count', 'How many.'), 10),
      optional(integerArgument('skip', 'How many of the latest to leave out.'), 0),
      optional(booleanArgument('include_watchonly', 'Makes no difference.')),
    ],
    result: '[{ the fields of details and of gettransaction, for one payment }, ...]',
    handler: (context, label, count, skip) => {
      if (count < 0) throw new RpcError(RpcCode.INVALID_PARAMETER, 'Negative count');
      if (skip < 0) throw new RpcError(RpcCode.INVALID_PARAMETER, 'Negative from');
      if (label === '') {
        throw new RpcError(RpcCode.INVALID_PARAMETER, 'Label argument must be a valid label name or "*".');
      }
      return latestPayments(viewOf(context), label, skip + count)
        .slice(skip)
        .reverse();
    },
  }),
];

function chosenFeeRate({ node: { mempool } }: RpcContext<AnyRpcNode>, target: number): number {
  // Who has no mempool cannot tell what others pay.
  return mempool ? Math.max(LEAST_FEE_RATE, Number(estimateFeeRate(mempool, target)) / 1000) : LEAST_FEE_RATE;
}

function viewOf(context: RpcContext<AnyRpcNode>): WalletView {
  const { chain, mempool } = context.node;
  return { wallet: context.wallet(), chain, mempool };
}

/** Payments, the latest first, until there are `count`. */
function latestPayments(view: WalletView, label: string, count: number): JsonObject[] {
  const latest: JsonObject[] = [];
  for (const transaction of view.wallet.history().reverse()) {
    if (latest.length >= count) break;
    const where = walletTransactionJson(transaction, view);
    for (const payment of paymentsJson(transaction, view)) {
      // Labels are for what comes in.
      const isSent = payment.category === 'send';
      if (label !== '*' && (isSent || payment.label !== label)) continue;
      const { abandoned, ...shown } = payment;
      latest.push(isSent ? { ...shown, ...where, abandoned } : { ...payment, ...where });
    }
  }
  return latest.slice(0, count);
}
