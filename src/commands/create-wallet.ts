import type { NodeConfig } from '../node/config.ts';
import { PierError } from '../platform/errors.ts';
import type { AddressType } from '../wallet/keys.ts';
import { accessNode } from './node-access.ts';

/** The result of `createWallet` and `restoreWallet`. */
export interface CreatedWallet {
  /** The wallet's name. */
  readonly wallet: string;
  /** The wallet's first address. */
  readonly address: string;
  readonly type: AddressType;
}

/**
 * Adds a wallet with a random mnemonic to the node's wallet file, which is created if missing. The default name is the
 * first unused of wallet1, wallet2, and so on. Throws `PierError` 'wallet-exists' if the name is in use.
 *
 * @example
 * ```ts
 * import { createWallet, nodeConfig } from 'pier';
 *
 * const config = nodeConfig({ nodeId: 3001, dataDir: '/tmp/pier' });
 * const { address } = await createWallet(config, { name: 'alice', type: 'bech32m' });
 * console.log(address);
 * ```
 */
export async function createWallet(
  config: NodeConfig,
  options: { name?: string; type?: AddressType } = {},
): Promise<CreatedWallet> {
  const type = options.type ?? 'bech32';
  return accessNode(config, { network: 'none', createWallet: true }, async (node) => {
    const names = await node.call<string[]>('listwallets');
    const wallet = options.name ?? unusedName(names);
    if (names.includes(wallet)) {
      throw new PierError('wallet-exists', `node ${config.nodeId} already has a wallet '${wallet}'`, {
        hint:
          `Use it ('pier listaddresses' lists its addresses), choose another --name, or choose another folder with ` +
          `--datadir. To begin anew, stop the nodes: 'pier reset --files' then removes their files, wallets too.`,
      });
    }
    await node.call('createwallet', { wallet_name: wallet, address_type: type });
    const address = await node.call<string>('getnewaddress', [], wallet);
    return { wallet, address, type };
  });
}

function unusedName(names: readonly string[]): string {
  for (let i = 1; ; i++) if (!names.includes(`wallet${i}`)) return `wallet${i}`;
}
