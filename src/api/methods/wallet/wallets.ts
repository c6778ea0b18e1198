import { addressTypeArgument } from '../../arguments/address-type.ts';
import { booleanArgument, optional, textArgument } from '../../arguments/arguments.ts';
import { lastProcessedBlock } from '../../format/wallet-json.ts';
import { amountJson } from '../../json/json.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import { type Method, method } from '../../method/method.ts';
import type { AnyRpcNode } from '../../method/rpc-node.ts';

/** Addresses kept ready on each chain of a wallet: the gap limit of BIP44. */
const KEY_POOL_SIZE = 20;
/** Wallet version that clients expect (Core: FEATURE_LATEST). */
const WALLET_VERSION = 169_900;

/** Methods for wallets as a whole. */
export const walletsMethods: readonly Method<AnyRpcNode>[] = [
  method({
    name: 'createwallet',
    category: 'Wallet',
    description:
      'Creates a wallet with private keys in the wallet file of this node. Wallets are not encrypted, and all of them are\n' +
      'loaded at startup.',
    arguments: [
      textArgument('wallet_name', 'The name of the new wallet.'),
      optional(booleanArgument('disable_private_keys', 'Must be false.'), false),
      optional(booleanArgument('blank', 'Must be false.'), false),
      optional(textArgument('passphrase', 'Must be empty.'), '', '""'),
      optional(booleanArgument('avoid_reuse', 'Must be false.'), false),
      optional(booleanArgument('descriptors', 'Must be true.'), true),
      optional(booleanArgument('load_on_startup', 'Ignored: all wallets are loaded at startup.')),
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
      if (!wallets) throw new RpcError(RpcCode.METHOD_NOT_FOUND, 'This node has no wallet support');
      if (watchOnly || blank || passphrase !== '' || avoidReuse || !descriptors || signer) {
        const message =
          'Only wallets with private keys are supported, without passphrase, avoid_reuse and external_signer';
        throw new RpcError(RpcCode.WALLET_ERROR, message);
      }
      const wallet = await wallets.createWallet(name, type === undefined ? {} : { addressType: type });
      return { name: wallet.name };
    },
  }),
  method({
    name: 'listwallets',
    category: 'Wallet',
    description: 'Returns the names of the loaded wallets.',
    arguments: [],
    result: '[name, ...]',
    handler: ({ node: { wallets } }) => (wallets?.wallets() ?? []).map(({ name }) => name),
  }),
  method({
    name: 'getwalletinfo',
    category: 'Wallet',
    description: 'Returns the state of the wallet.',
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
