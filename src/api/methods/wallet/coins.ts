import { z } from 'zod';
import { binaryKey } from '../../../bytes/compare.ts';
import { toHex, toReversedHex } from '../../../bytes/hex.ts';
import { MAX_MONEY } from '../../../primitives/amount.ts';
import { encodeAddress } from '../../../script/address.ts';
import type { UnspentCoin } from '../../../wallet/wallet-view.ts';
import { addressScript } from '../../arguments/address.ts';
import {
  amountSchema,
  arrayArgument,
  booleanArgument,
  integerArgument,
  integerSchema,
  objectArgument,
  optional,
  textArgument,
} from '../../arguments/arguments.ts';
import { listJson } from '../../format/large-json.ts';
import { lastProcessedBlock } from '../../format/wallet-json.ts';
import { amountJson, JsonNumber, type JsonObject } from '../../json/json.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import { type Method, method, type RpcContext } from '../../method/method.ts';
import type { AnyRpcNode } from '../../method/rpc-node.ts';

/** Default of maxconf, as in Core. */
const MAX_CONFIRMATIONS = 9_999_999;

const queryOptions = z.strictObject({
  minimumAmount: amountSchema.optional(),
  maximumAmount: amountSchema.optional(),
  minimumSumAmount: amountSchema.optional(),
  maximumCount: integerSchema.optional(),
});

/** Methods for a wallet's balance and unspent outputs. */
export const walletCoinMethods: readonly Method<AnyRpcNode>[] = [
  method({
    name: 'getbalance',
    category: 'Wallet',
    description:
      "Returns the balance available for spending: confirmed outputs, and the wallet's own unconfirmed change.",
    arguments: [
      optional(textArgument('dummy', 'Must be omitted or "*".'), '*', '"*"'),
      optional(integerArgument('minconf', 'Only include outputs with at least this many confirmations.'), 0),
      optional(booleanArgument('include_watchonly', 'Ignored.')),
      optional(booleanArgument('avoid_reuse', 'Ignored.')),
    ],
    result: 'amount',
    handler: (context, dummy, minConfirmations) => {
      if (dummy !== '*') {
        const message = 'dummy first argument must be excluded or set to "*".';
        throw new RpcError(RpcCode.METHOD_DEPRECATED, message);
      }
      let sum = 0n;
      for (const { output, confirmations, isSafe } of context.wallet().listUnspent()) {
        if (isSafe && confirmations >= minConfirmations) sum += output.value;
      }
      return amountJson(sum);
    },
  }),
  method({
    name: 'getbalances',
    category: 'Wallet',
    description:
      'Returns the balances in BTC: "trusted" is spendable, "untrusted_pending" is received but unconfirmed, "immature" is\n' +
      'from coinbase transactions that have not matured.',
    arguments: [],
    result:
      '{ "mine": { "trusted": amount, "untrusted_pending": amount, "immature": amount },\n' +
      '  "lastprocessedblock": { "hash", "height" } }',
    handler: (context) => {
      const wallet = context.wallet();
      const { trusted, pending, immature } = wallet.balance();
      return {
        mine: {
          trusted: amountJson(trusted),
          untrusted_pending: amountJson(pending),
          immature: amountJson(immature),
        },
        lastprocessedblock: lastProcessedBlock(wallet),
      };
    },
  }),
  method({
    name: 'listunspent',
    category: 'Wallet',
    description: 'Lists the unspent outputs of the wallet, without immature coinbase outputs.',
    arguments: [
      optional(integerArgument('minconf', 'The minimum number of confirmations.'), 1),
      optional(integerArgument('maxconf', 'The maximum number of confirmations.'), MAX_CONFIRMATIONS),
      optional(
        arrayArgument('addresses', z.string(), 'Only outputs to these addresses.', '["address",...]'),
        [],
        'all',
      ),
      optional(
        booleanArgument(
          'include_unsafe',
          'Whether to include outputs that are not safe to spend: unconfirmed ones received from others.',
        ),
        true,
      ),
      optional(
        objectArgument(
          'query_options',
          queryOptions,
          'minimumAmount and maximumAmount of an output, maximumCount, and minimumSumAmount, at which the list ends.',
          'query_options',
        ),
        {},
        'none',
      ),
    ],
    result:
      '[{ "txid": hash, "vout": n, "address": text, "label": text, "scriptPubKey": hex, "amount": amount,\n' +
      '  "confirmations": n, "ancestorcount": n, "ancestorsize": vbytes, "ancestorfees": satoshis, "redeemScript": hex,\n' +
      '  "spendable": true, "solvable": true, "safe": bool }, ...]',
    example: '6 9999999',
    handler: (context, least, most, addresses, includeUnsafe, query) => {
      const wanted = new Set(addressScripts(context, addresses).map(binaryKey));
      const coins = context
        .wallet()
        .listUnspent()
        .filter(
          ({ output, confirmations, isSafe }) =>
            confirmations >= least &&
            confirmations <= most &&
            (isSafe || includeUnsafe) &&
            (wanted.size === 0 || wanted.has(binaryKey(output.scriptPubKey))),
        );
      return listJson(selectCoins(coins, query), (coin) => unspentJson(context, coin));
    },
  }),
];

/** Selects coins by amount, until the requested count or sum is reached. */
function selectCoins(coins: readonly UnspentCoin[], query: z.infer<typeof queryOptions>): UnspentCoin[] {
  const { minimumAmount = 0n, maximumAmount = MAX_MONEY, minimumSumAmount = MAX_MONEY, maximumCount = 0 } = query;
  const found: UnspentCoin[] = [];
  let sum = 0n;
  for (const coin of coins) {
    const { value } = coin.output;
    if (value < minimumAmount || value > maximumAmount) continue;
    found.push(coin);
    sum += value;
    if (sum >= minimumSumAmount || found.length === maximumCount) break;
  }
  return found;
}

function addressScripts({ node: { params } }: RpcContext<AnyRpcNode>, addresses: readonly string[]): Uint8Array[] {
  if (new Set(addresses).size < addresses.length) {
    throw new RpcError(RpcCode.INVALID_PARAMETER, 'Invalid parameter, duplicated address');
  }
  return addresses.map((address) => addressScript(address, params.address, `Invalid Bitcoin address: ${address}`));
}

function unspentJson({ node: { params, mempool } }: RpcContext<AnyRpcNode>, coin: UnspentCoin): JsonObject {
  const { outpoint, output, key, confirmations, isSafe } = coin;
  const unconfirmed = confirmations === 0 ? mempool?.get(outpoint.txid) : undefined;
  return {
    txid: toReversedHex(outpoint.txid),
    vout: outpoint.vout,
    address: encodeAddress(output.scriptPubKey, params.address),
    label: key.change ? undefined : (key.label ?? ''),
    scriptPubKey: toHex(output.scriptPubKey),
    amount: amountJson(output.value),
    confirmations,
    ancestorcount: unconfirmed?.ancestorCount,
    ancestorsize: unconfirmed?.ancestorSize,
    ancestorfees: unconfirmed && new JsonNumber(String(unconfirmed.ancestorFees)),
    redeemScript: key.output.redeemScript && toHex(key.output.redeemScript),
    spendable: true,
    solvable: true,
    safe: isSafe,
  };
}
