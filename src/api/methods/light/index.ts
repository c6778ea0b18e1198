import type { Method } from '../../method/method.ts';
import { headerMethods } from '../blockchain/headers.ts';
import { controlMethods } from '../control.ts';
import { addressMethods } from '../network/addresses.ts';
import { banMethods } from '../network/bans.ts';
import { networkMethods } from '../network/network.ts';
import { walletAddressMethods } from '../wallet/addresses.ts';
import { walletCoinMethods } from '../wallet/coins.ts';
import { walletPaymentMethods } from '../wallet/payments.ts';
import { walletTransactionMethods } from '../wallet/transactions.ts';
import { walletsMethods } from '../wallet/wallets.ts';
import { type LightRpcNode, ownLightMethods } from './light.ts';

/** The RPC methods of a light node, by name. */
export const lightMethods: ReadonlyMap<string, Method<LightRpcNode>> = new Map(
  [
    ...ownLightMethods,
    ...controlMethods,
    ...headerMethods,
    ...networkMethods,
    ...addressMethods,
    ...banMethods,
    ...walletAddressMethods,
    ...walletCoinMethods,
    ...walletPaymentMethods,
    ...walletTransactionMethods,
    ...walletsMethods,
  ].map((each) => [each.name, each]),
);
