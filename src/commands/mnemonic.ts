import { type NodeConfig, nodePaths } from '../node/config.ts';
import { LmdbStore } from '../store/lmdb-store.ts';
import type { AddressType } from '../wallet/keys.ts';
import { readWallets } from '../wallet/records.ts';
import type { CreatedWallet } from './create-wallet.ts';
import { openInProcessNode } from './in-process-node.ts';
import { requireFile } from './node-access.ts';

/** The mnemonic of a wallet. */
export interface WalletMnemonic {
  /** The wallet's name. */
  readonly wallet: string;
  readonly type: AddressType;
  /** The BIP39 mnemonic, from which all keys of the wallet are derived: keep it secret. */
  readonly mnemonic: string;
}

/**
 * Returns the mnemonics of the node's wallets. They are read from the wallet file, also while the node runs:
 * mnemonics never pass through RPC. Throws `PierError` 'missing-wallet'.
 */
export async function showMnemonics(config: NodeConfig): Promise<readonly WalletMnemonic[]> {
  requireFile(config, 'wallet');
  const { wallet: path } = nodePaths(config);
  const store = await LmdbStore.open({ path, network: config.params.marker, kind: 'wallet', readOnly: true });
  try {
    const mnemonics: WalletMnemonic[] = [];
    for (const [, { name, addressType, mnemonic }] of readWallets(store)) {
      mnemonics.push({ wallet: name, type: addressType, mnemonic });
    }
    return mnemonics;
  } finally {
    await store.close();
  }
}

/**
 * Restores a wallet from its mnemonic and scans the chain, if the node has one, for its coins. The node must be
 * stopped. Throws `WalletError` 'bad-mnemonic', 'wallet-exists' or 'bad-wallet-name'.
 */
export async function restoreWallet(
  config: NodeConfig,
  options: { name: string; mnemonic: string; type: AddressType },
): Promise<CreatedWallet> {
  const { node } = await openInProcessNode(config, { network: 'none', createWallet: true });
  try {
    const { name, mnemonic, type } = options;
    const wallet = await node.wallets.createWallet(name, { mnemonic, addressType: type });
    // The first address, even if it is used.
    const address = wallet.addresses()[0]?.address ?? (await wallet.newAddress());
    return { wallet: name, address, type };
  } finally {
    await node.stop();
  }
}
