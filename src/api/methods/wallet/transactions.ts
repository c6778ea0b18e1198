import { toReversedHex } from '../../../bytes/hex.ts';
import { WalletError } from '../../../wallet/errors.ts';
import { booleanArgument, hashArgument, integerArgument, optional, textArgument } from '../../arguments/arguments.ts';
import { transactionJson } from '../../format/transaction-json.ts';
import { fullTransactionJson, paymentsJson, type WalletView, walletTransactionJson } from '../../format/wallet-json.ts';
import type { JsonObject } from '../../json/json.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import type { Step } from '../../json/step.ts';
import { type Method, method, type RpcContext } from '../../method/method.ts';
import type { AnyRpcNode } from '../../method/rpc-node.ts';

/** Methods for the transactions that a wallet has. */
export const walletTransactionMethods: readonly Method<AnyRpcNode>[] = [
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
