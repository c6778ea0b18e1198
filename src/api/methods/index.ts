import type { Method } from '../method/method.ts';
import { blockFilterMethods } from './blockchain/block-filters.ts';
import { blockStatsMethods } from './blockchain/block-stats.ts';
import { blockchainMethods } from './blockchain/blockchain.ts';
import { chainControlMethods } from './blockchain/chain-control.ts';
import { headerMethods } from './blockchain/headers.ts';
import { utxoMethods } from './blockchain/utxo.ts';
import { waitMethods } from './blockchain/wait.ts';
import { controlMethods } from './control.ts';
import { mempoolMethods } from './mempool/mempool.ts';
import { packageMethods } from './mempool/packages.ts';
import { rawTransactionMethods } from './mempool/raw-transactions.ts';
import { transactionProofMethods } from './mempool/transaction-proofs.ts';
import { blockTemplateMethods } from './mining/block-template.ts';
import { generateMethods } from './mining/generate.ts';
import { minerMethods } from './mining/miner.ts';
import { miningMethods } from './mining/mining.ts';
import { addressMethods } from './network/addresses.ts';
import { banMethods } from './network/bans.ts';
import { networkMethods } from './network/network.ts';
import { utilMethods } from './util.ts';
import { walletAddressMethods } from './wallet/addresses.ts';
import { walletCoinMethods } from './wallet/coins.ts';
import { walletPaymentMethods } from './wallet/payments.ts';
import { walletTransactionMethods } from './wallet/transactions.ts';
import { walletsMethods } from './wallet/wallets.ts';

/** The RPC methods of a full node, by name. */
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
    ...generateMethods,
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
    ...walletPaymentMethods,
    ...walletTransactionMethods,
    ...walletsMethods,
  ].map((method) => [method.name, method]),
);
