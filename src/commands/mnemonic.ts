import { type NodeConfig, nodePaths } from '../node/config.ts';
import { LmdbStore } from '../store/lmdb/lmdb-store.ts';
import { checkedReader } from '../wallet/checked-store.ts';
import { GAP_LIMIT, KeyPool } from '../wallet/key-pool.ts';
import { type AddressType, KeyTree } from '../wallet/keys.ts';
import { Ledger } from '../wallet/ledger.ts';
import { type RecordReader, readKeys, readNext, readTransactions, readWallets } from '../wallet/records.ts';
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
  /**
   * The gap that a restore needs to find payments to every address handed out; absent if the default is enough, or if
   * the file is damaged.
   */
  readonly gap?: number;
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
    const records = checkedReader(store);
    for (const [id, { name, addressType, mnemonic, xprv }] of readWallets(records)) {
      const gap = neededGap(records, id, KeyTree.fromExtendedPrivateKey(xprv, 0));
      mnemonics.push({ wallet: name, type: addressType, mnemonic, ...(gap > GAP_LIMIT ? { gap } : {}) });
    }
    return mnemonics;
  } finally {
    await store.close();
  }
}

/** Returns 0 if the records are damaged: the words are printed nevertheless. */
function neededGap(records: RecordReader, id: number, tree: KeyTree): number {
  try {
    const keys = new KeyPool(id, tree, { keys: readKeys(records, id), next: readNext(records, id) }, 0);
    // Marks the keys that the transactions pay as used.
    new Ledger(id, keys, readTransactions(records, id));
    return keys.neededGap;
  } catch {
    return 0;
  }
}

/**
 * Restores a wallet from its mnemonic and scans the chain, if the node has one, for its coins. The node must be
 * stopped. Throws `WalletError` 'bad-mnemonic', 'wallet-exists', 'bad-wallet-name' or 'bad-gap'. `gap`: see
 * `NewWalletOptions`.
 */
export async function restoreWallet(
  config: NodeConfig,
  options: { name: string; mnemonic: string; type: AddressType; gap?: number },
): Promise<CreatedWallet> {
  const { node } = await openInProcessNode(config, { network: 'none', createWallet: true });
  try {
    const { name, mnemonic, type, gap } = options;
    const wallet = await node.wallets.createWallet(name, {
      ...{ mnemonic, addressType: type },
      ...(gap === undefined ? {} : { gap }),
    });
    // The first address, even if it is used.
    const address = wallet.addresses()[0]?.address ?? (await wallet.newAddress());
    return { wallet: name, address, type };
  } finally {
    await node.stop();
  }
}
