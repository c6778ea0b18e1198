import type { Wallet } from '../../wallet/wallet.ts';
import type { WalletFile } from '../../wallet/wallet-file.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';

/**
 * Returns the wallet named in the request path or, without a name, the only wallet (Core: GetWalletForJSONRPCRequest).
 * Throws `RpcError` if there is no such wallet, or several and no name.
 */
export function selectWallet(file: WalletFile | undefined, name: string | undefined): Wallet {
  if (!file) throw new RpcError(RpcCode.METHOD_NOT_FOUND, 'This node has no wallet support');
  if (name !== undefined) {
    const wallet = file.get(name);
    if (wallet) return wallet;
    throw new RpcError(RpcCode.WALLET_NOT_FOUND, 'Requested wallet does not exist or is not loaded');
  }
  const [wallet, ...others] = file.wallets();
  if (!wallet) {
    throw new RpcError(RpcCode.WALLET_NOT_FOUND, 'No wallet is loaded. Create one with createwallet.');
  }
  if (others.length > 0) {
    throw new RpcError(
      RpcCode.WALLET_NOT_SPECIFIED,
      'Multiple wallets are loaded. Select one with the request path /wallet/<walletname> (bitcoin-cli -rpcwallet).',
    );
  }
  return wallet;
}
