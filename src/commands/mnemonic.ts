import { type NodeConfig, nodePaths } from '../node/config.ts';
import { LmdbStore } from '../store/lmdb-store.ts';
import type { AddressType } from '../wallet/keys.ts';
import { readWallets } from '../wallet/records.ts';
import type { CreatedWallet } from './create-wallet.ts';
import { requireFile } from './node-access.ts';
import { openStoppedNode } from './stopped-node.ts';

export interface WalletMnemonic {
  readonly wallet: string;
  readonly type: AddressType;
  /** Twelve words of BIP39: whoever has them has the coins. */
  readonly mnemonic: string;
}

/**
 * The words from which each wallet of the node can be restored. Read from the file, whether the node runs or not: they
 * never go through its RPC.
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
 * Adds a wallet made from such words and looks for its coins in the chain, if the node has one. The node must not run.
 * Throws `WalletError` 'bad-mnemonic', 'wallet-exists' or 'bad-wallet-name'.
 */
export async function restoreWallet(
  config: NodeConfig,
  options: { name: string; mnemonic: string; type: AddressType },
): Promise<CreatedWallet> {
  const { node } = await openStoppedNode(config, { network: 'none', createWallet: true });
  try {
    const { name, mnemonic, type } = options;
    const wallet = await node.wallets.createWallet(name, { mnemonic, addressType: type });
    // The first address, also where coins have come to it already.
    const address = wallet.addresses()[0]?.address ?? (await wallet.newAddress());
    return { wallet: name, address, type };
  } finally {
    await node.stop();
  }
}
