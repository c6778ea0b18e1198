import type { Method } from '../method.ts';
import { blockFilterMethods } from './block-filters.ts';
import { blockStatsMethods } from './block-stats.ts';
import { blockTemplateMethods } from './block-template.ts';
import { blockchainMethods } from './blockchain.ts';
import { chainControlMethods } from './chain-control.ts';
import { controlMethods } from './control.ts';
import { headerMethods } from './headers.ts';
import { mempoolMethods } from './mempool.ts';
import { minerMethods } from './miner.ts';
import { miningMethods } from './mining.ts';
import { networkMethods } from './network.ts';
import { addressMethods } from './network-addresses.ts';
import { banMethods } from './network-bans.ts';
import { packageMethods } from './packages.ts';
import { rawTransactionMethods } from './raw-transactions.ts';
import { transactionProofMethods } from './transaction-proofs.ts';
import { utilMethods } from './util.ts';
import { utxoMethods } from './utxo.ts';
import { waitMethods } from './wait.ts';
import { walletAddressMethods } from './wallet-addresses.ts';
import { walletCoinMethods } from './wallet-coins.ts';
import { walletTransactionMethods } from './wallet-transactions.ts';
import { walletsMethods } from './wallets.ts';

/** Every method that the node answers, by name. */
export const rpcMethods: ReadonlyMap<string, Method> = new Map(
  [
    ...blockchainMethods,
    ...blockFilterMethods,
    ...blockStatsMethods,
    ...blockTemplateMethods,
    ...chainControlMethods,
    ...controlMethods,
    ...headerMethods,
    ...mempoolMethods,
    ...minerMethods,
    ...miningMethods,
    ...addressMethods,
    ...banMethods,
    ...networkMethods,
    ...packageMethods,
    ...rawTransactionMethods,
    ...transactionProofMethods,
    ...utilMethods,
    ...utxoMethods,
    ...waitMethods,
    ...walletAddressMethods,
    ...walletCoinMethods,
    ...walletTransactionMethods,
    ...walletsMethods,
  ].map((method) => [method.name, method]),
);
