import { z } from 'zod';
import { binaryKey } from '../../../bytes/compare.ts';
import { toHex, toReversedHex } from '../../../bytes/hex.ts';
import { MEMPOOL_HEIGHT } from '../../../mempool/entry.ts';
import {
  booleanArgument,
  customArgument,
  hashArgument,
  optional,
  unsignedArgument,
  wordArgument,
} from '../../arguments/arguments.ts';
import { scanArguments } from '../../arguments/scan-arguments.ts';
import { scriptsOfDescriptor } from '../../arguments/scan-descriptor.ts';
import { inferDescriptor } from '../../format/descriptor.ts';
import { scriptPubKeyJson } from '../../format/script-json.ts';
import { amountJson, type Json } from '../../json/json.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import { type Method, method, type RpcContext } from '../../method/method.ts';
import { coinHashTypes, coinStats } from './coin-stats.ts';

/** Methods for the UTXO set. */
export const utxoMethods: readonly Method[] = [
  method({
    name: 'gettxout',
    category: 'Blockchain',
    description: 'Returns an unspent output, or null if it is spent or unknown.',
    arguments: [
      hashArgument('txid', 'The transaction id.'),
      unsignedArgument('n', 'The index of the output.'),
      optional(
        booleanArgument(
          'include_mempool',
          'Whether to include outputs created, and exclude those spent, in the mempool.',
        ),
        true,
      ),
    ],
    result:
      'null, or { "bestblock": hash, "confirmations": n, "value": amount, "scriptPubKey": { "asm", "desc", "hex",\n' +
      '  "address", "type" }, "coinbase": bool }',
    example: '"4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b" 0',
    handler: ({ node: { chain, mempool, params } }, txid, vout, includeMempool) => {
      const outpoint = { txid, vout };
      const coin = includeMempool ? mempool.getCoin(outpoint) : chain.getCoin(outpoint);
      if (!coin) return null;
      return {
        bestblock: chain.tip.hashHex,
        confirmations: coin.height === MEMPOOL_HEIGHT ? 0 : chain.tip.height - coin.height + 1,
        value: amountJson(coin.output.value),
        scriptPubKey: scriptPubKeyJson(coin.output.scriptPubKey, params.address),
        coinbase: coin.isCoinbase,
      };
    },
  }),
  method({
    name: 'gettxoutsetinfo',
    category: 'Blockchain',
    description: 'Returns statistics about the UTXO set. The call reads the whole set.',
    arguments: [
      optional(
        wordArgument(
          'hash_type',
          coinHashTypes,
          'The hash to compute: hash_serialized_3, muhash or none.',
          (word) => new RpcError(RpcCode.INVALID_PARAMETER, `'${word}' is not a valid hash_type`),
        ),
        'hash_serialized_3' as const,
      ),
      optional(
        customArgument('hash_or_height', 'string or numeric', z.unknown(), 'Not supported: requires coinstatsindex.'),
        undefined,
        'the tip',
      ),
      optional(booleanArgument('use_index', 'Ignored.'), true),
    ],
    result:
      '{ "height": n, "bestblock": hash, "txouts": n, "bogosize": n, "hash_serialized_3" | "muhash": hash,\n' +
      '  "total_amount": amount, "transactions": n, "disk_size": bytes }',
    handler: async ({ node: { chain, files }, call }, hashType, target) => {
      if (target !== undefined) {
        const message = 'Querying specific block heights requires coinstatsindex';
        throw new RpcError(RpcCode.INVALID_PARAMETER, message);
      }
      const stats = await coinStats(chain, hashType, call.step);
      return {
        height: stats.height,
        bestblock: toReversedHex(stats.bestBlock),
        txouts: stats.txouts,
        bogosize: stats.bogoSize,
        ...(stats.hash ? { [hashType]: toReversedHex(stats.hash) } : {}),
        total_amount: amountJson(stats.totalAmount),
        transactions: stats.transactions,
        disk_size: (await files?.chainSize()) ?? 0,
      };
    },
  }),
  method({
    name: 'scantxoutset',
    category: 'Blockchain',
    description:
      'Scans the UTXO set for outputs that match output descriptors: addr(ADDRESS), raw(HEX), and pk, pkh, wpkh, sh(wpkh) or\n' +
      'combo of one public key in hex.',
    arguments: [...scanArguments],
    result:
      '{ "success": true, "txouts": n, "height": n, "bestblock": hash, "unspents": [{ "txid": hash, "vout": n,\n' +
      '  "scriptPubKey": hex, "desc": text, "amount": amount, "coinbase": bool, "height": n, "blockhash": hash,\n' +
      '  "confirmations": n }, ...], "total_amount": amount }',
    example: 'start \'["addr(bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202)"]\'',
    handler: (context, action, descriptors) => {
      if (action === 'abort') return false;
      if (action === 'status') return null;
      if (!descriptors) {
        throw new RpcError(RpcCode.MISC_ERROR, 'scanobjects argument is required for the start action');
      }
      return scan(context, descriptors);
    },
  }),
];

async function scan({ node: { chain, params }, call }: RpcContext, descriptors: readonly string[]): Promise<Json> {
  const wanted = new Set<string>();
  for (const descriptor of descriptors) {
    const pause = call.step();
    if (pause) await pause;
    for (const script of scriptsOfDescriptor(descriptor, params.address)) wanted.add(binaryKey(script));
  }
  const { tip } = chain;
  const unspents: Json[] = [];
  let txouts = 0;
  let total = 0n;
  for (const { outpoint, coin } of chain.coins()) {
    const pause = call.step();
    if (pause) await pause;
    txouts++;
    const { scriptPubKey, value } = coin.output;
    if (!wanted.has(binaryKey(scriptPubKey))) continue;
    total += value;
    unspents.push({
      txid: toReversedHex(outpoint.txid),
      vout: outpoint.vout,
      scriptPubKey: toHex(scriptPubKey),
      desc: inferDescriptor(scriptPubKey, params.address),
      amount: amountJson(value),
      coinbase: coin.isCoinbase,
      height: coin.height,
      blockhash: tip.ancestor(coin.height)!.hashHex,
      confirmations: tip.height - coin.height + 1,
    });
  }
  return {
    success: true,
    txouts,
    height: tip.height,
    bestblock: tip.hashHex,
    unspents,
    total_amount: amountJson(total),
  };
}
