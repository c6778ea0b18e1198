import { addressTypeArgument } from '../../arguments/address-type.ts';
import { booleanArgument, optional, textArgument } from '../../arguments/arguments.ts';
import { lastProcessedBlock } from '../../format/wallet-json.ts';
import { amountJson } from '../../json/json.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import { type Method, method } from '../../method/method.ts';
import type { AnyRpcNode } from '../../method/rpc-node.ts';

/** Addresses that a wallet has ready on each of its chains: BIP44's gap limit. */
const KEY_POOL_SIZE = 20;
/** The format of wallets that Core has written since 2017; clients ask for it. */
const WALLET_VERSION = 169_900;

/** Methods about wallets as a whole. */
export const walletsMethods: readonly Method<AnyRpcNode>[] = [
  method({
    name: 'createwallet',
    category: 'Wallet',
    description:
      'Makes a wallet with keys of its own, in the file of this node. All wallets are loaded whenever the node runs, have\n' +
      'private keys, and are not encrypted.',
    arguments: [
      textArgument('wallet_name', 'The name.'),
      optional(booleanArgument('disable_private_keys', 'Must be false.'), false),
      optional(booleanArgument('blank', 'Must be false.'), false),
      optional(textArgument('passphrase', 'Must be empty.'), ''),
      optional(booleanArgument('avoid_reuse', 'Must be false.'), false),
      optional(booleanArgument('descriptors', 'Must be true.'), true),
      optional(booleanArgument('load_on_startup', 'Makes no difference.')),
      optional(booleanArgument('external_signer', 'Must be false.'), false),
      addressTypeArgument('bech32'),
    ],
    result: '{ "name": text }',
    example: '"testwallet"',
    handler: async (
      { node: { wallets } },
      name,
      watchOnly,
      blank,
      passphrase,
      avoidReuse,
      descriptors,
      _,
      signer,
      type,
    ) => {
      if (!wallets) throw new RpcError(RpcCode.METHOD_NOT_FOUND, 'This node holds no wallets');
      if (watchOnly || blank || passphrase !== '' || avoidReuse || !descriptors || signer) {
        const message = 'Only wallets with private keys, without a passphrase and other options, can be made here';
        throw new RpcError(RpcCode.WALLET_ERROR, message);
      }
      const wallet = await wallets.createWallet(name, type === undefined ? {} : { addressType: type });
      return { name: wallet.name };
    },
  }),
  method({
    name: 'listwallets',
    category: 'Wallet',
    description: "The names of the node's wallets.",
    arguments: [],
    result: '[name, ...]',
    handler: ({ node: { wallets } }) => (wallets?.wallets() ?? []).map(({ name }) => name),
  }),
  method({
    name: 'getwalletinfo',
    category: 'Wallet',
    description: 'What kind of wallet this is, and how much is in it.',
    arguments: [],
    result:
      '{ "walletname": text, "walletversion": n, "format": "lmdb", "balance": amount, "unconfirmed_balance": amount,\n' +
      '  "immature_balance": amount, "txcount": n, "keypoolsize": n, "keypoolsize_hd_internal": n, "paytxfee": 0,\n' +
      '  "private_keys_enabled": true, "avoid_reuse": false, "scanning": false, "descriptors": true,\n' +
      '  "external_signer": false, "blank": false, "birthtime": unixtime, "lastprocessedblock": { "hash", "height" } }',
    handler: (context) => {
      const wallet = context.wallet();
      const { trusted, pending, immature } = wallet.balance();
      return {
        walletname: wallet.name,
        walletversion: WALLET_VERSION,
        format: 'lmdb',
        balance: amountJson(trusted),
        unconfirmed_balance: amountJson(pending),
        immature_balance: amountJson(immature),
        txcount: wallet.history().length,
        keypoolsize: KEY_POOL_SIZE,
        keypoolsize_hd_internal: KEY_POOL_SIZE,
        paytxfee: amountJson(0n),
        private_keys_enabled: true,
        avoid_reuse: false,
        scanning: false,
        descriptors: true,
        external_signer: false,
        blank: false,
        birthtime: wallet.record.birthday,
        lastprocessedblock: lastProcessedBlock(wallet),
      };
    },
  }),
];
