import { debugOnly, ignored, networkOnly, option, refused } from './define.ts';

const NO_WALLET_POLICY = 'the wallet has a policy of its own';

/** Core's `Wallet options`. */
export const walletOptions = [
  option(
    'addresstype',
    'The kind of new addresses',
    refused('the kind is an argument of createwallet and getnewaddress'),
  ),
  option('avoidpartialspends', 'Spend all coins of an address together', refused(NO_WALLET_POLICY, '0')),
  option('changetype', 'The kind of change addresses', refused(NO_WALLET_POLICY)),
  option('consolidatefeerate=<amt>', 'The fee rate below which coins are consolidated', ignored(NO_WALLET_POLICY)),
  option('disablewallet', 'Have no wallet', refused('the wallet methods are always there', '0')),
  option('discardfee=<amt>', 'The fee rate at which change is dropped', refused(NO_WALLET_POLICY)),
  option('fallbackfee=<amt>', 'The fee rate of payments without an estimate', refused(NO_WALLET_POLICY)),
  option('keypool=<n>', 'Addresses that are watched ahead', refused(NO_WALLET_POLICY)),
  option('maxapsfee=<n>', 'What avoiding partial spends may cost', refused(NO_WALLET_POLICY)),
  option('mintxfee=<amt>', 'The least fee rate of payments', refused(NO_WALLET_POLICY)),
  option('paytxfee=<amt>', 'The fee rate of payments', refused(NO_WALLET_POLICY)),
  option('signer=<cmd>', 'A program that signs', refused('wallets hold their keys')),
  option('spendzeroconfchange', 'Spend unconfirmed change', refused(NO_WALLET_POLICY, '1')),
  option('txconfirmtarget=<n>', 'Blocks in which a payment is to confirm', refused(NO_WALLET_POLICY)),
  option('wallet=<path>', 'A wallet to load at the start (may be given more than once)', {
    ...networkOnly,
    ...refused('all wallets are loaded at the start'),
  }),
  option('walletbroadcast', 'Broadcast payments', refused('payments are always broadcast', '1')),
  option('walletdir=<dir>', 'The folder of the wallets', { ...networkOnly, ...refused('the wallets are one file') }),
  option(
    'walletnotify=<cmd>',
    'Run a command when a payment of a wallet changes',
    refused('the node runs no command for payments'),
  ),
  option('walletrbf', 'Let payments be replaced', refused(NO_WALLET_POLICY, '1')),
];

/** Core's `Wallet debugging/testing options`. */
export const walletDebuggingOptions = [
  option('unsafesqlitesync', 'Do not wait until wallets are on disk', {
    ...debugOnly,
    ...ignored('wallets are always on disk'),
  }),
  option('walletcrosschain', 'Use wallets of other networks', {
    ...debugOnly,
    ...refused('a wallet belongs to its network', '0'),
  }),
  option('walletrejectlongchains', 'Refuse payments that the mempool would not take', {
    ...debugOnly,
    ...ignored('they are always refused'),
  }),
];
