import type { Wallet } from '../../wallet/wallet.ts';
import type { WalletFile } from '../../wallet/wallet-file.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';

/** The wallet that a request's path names, or the only one there is. Throws `RpcError` as Core does otherwise. */
export function selectWallet(file: WalletFile | undefined, name: string | undefined): Wallet {
  if (!file) throw new RpcError(RpcCode.METHOD_NOT_FOUND, 'This node holds no wallets');
  if (name !== undefined) {
    const wallet = file.get(name);
    if (wallet) return wallet;
    throw new RpcError(RpcCode.WALLET_NOT_FOUND, 'Requested wallet does not exist or is not loaded');
  }
  const [wallet, ...others] = file.wallets();
  if (!wallet) {
    throw new RpcError(RpcCode.WALLET_NOT_FOUND, 'No wallet is loaded. Make one with createwallet.');
  }
  if (others.length > 0) {
    throw new RpcError(
      RpcCode.WALLET_NOT_SPECIFIED,
      'There are several wallets: name one by the request path /wallet/<walletname> (-rpcwallet of bitcoin-cli).',
    );
  }
  return wallet;
}
