import { toHex } from '../../../bytes/hex.ts';
import { addressScript } from '../../arguments/address.ts';
import { addressTypeArgument } from '../../arguments/address-type.ts';
import { optional, textArgument } from '../../arguments/arguments.ts';
import { addressFault } from '../../format/address-fault.ts';
import { addressDetailsJson } from '../../format/address-json.ts';
import { listJson } from '../../format/large-json.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import { type Method, method } from '../../method/method.ts';
import type { AnyRpcNode } from '../../method/rpc-node.ts';

/** Methods for a wallet's addresses. */
export const walletAddressMethods: readonly Method<AnyRpcNode>[] = [
  method({
    name: 'getnewaddress',
    category: 'Wallet',
    description: 'Returns a new address for receiving payments.',
    arguments: [
      optional(textArgument('label', 'The label of the address.'), '', '""'),
      addressTypeArgument("the wallet's type"),
    ],
    result: '"address"',
    handler: (context, label, type) => {
      // Core reserves "*" for all labels.
      if (label === '*') throw new RpcError(RpcCode.WALLET_INVALID_LABEL_NAME, 'Invalid label name');
      return context.wallet().newAddress({ label, ...(type === undefined ? {} : { type }) });
    },
  }),
  method({
    name: 'getrawchangeaddress',
    category: 'Wallet',
    description: 'Returns a new address for receiving change, for use with raw transactions.',
    arguments: [addressTypeArgument("the wallet's type")],
    result: '"address"',
    handler: (context, type) => context.wallet().newAddress({ change: true, ...(type === undefined ? {} : { type }) }),
  }),
  method({
    name: 'getaddressinfo',
    category: 'Wallet',
    description:
      'Returns information about an address. "hdkeypath" and "labels" are set only for addresses of the wallet.',
    arguments: [textArgument('address', 'The address to get information about.')],
    result:
      '{ "address": text, "scriptPubKey": hex, "ismine": bool, "solvable": bool, "iswatchonly": false, "isscript": bool,\n' +
      '  "iswitness": bool, "witness_version": n, "witness_program": hex, "ischange": bool, "hdkeypath": text,\n' +
      '  "labels": [text] }',
    example: '"bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202"',
    handler: (context, address) => {
      const wallet = context.wallet();
      const { address: prefixes } = context.node.params;
      const scriptPubKey = addressScript(address, prefixes, () => addressFault(address, prefixes).error);
      const key = wallet.keyOf(scriptPubKey);
      return {
        address,
        scriptPubKey: toHex(scriptPubKey),
        ismine: key !== undefined,
        solvable: key !== undefined,
        iswatchonly: false,
        ...addressDetailsJson(scriptPubKey),
        ischange: key?.change ?? false,
        hdkeypath: key && wallet.path(key),
        labels: key && !key.change ? [key.label ?? ''] : [],
      };
    },
  }),
  method({
    name: 'listaddresses',
    category: 'Wallet',
    description: 'Lists the addresses that the wallets of the node have handed out. Not in Bitcoin Core.',
    arguments: [],
    result:
      '[{ "wallet": name, "address": text, "type": word, "path": text, "change": bool, "used": bool, "label": text }, ...]',
    handler: ({ node: { wallets } }) =>
      listJson(
        (wallets?.wallets() ?? []).flatMap((wallet) => wallet.addresses().map((each) => ({ wallet, each }))),
        ({ wallet, each: { address, type, path, change, used, label } }) => ({
          wallet: wallet.name,
          address,
          type,
          path,
          change,
          used,
          label,
        }),
      ),
  }),
];
