import type { NodeConfig } from '../node/config.ts';
import { PierError } from '../platform/errors.ts';
import type { AddressType } from '../wallet/keys.ts';
import { accessNode } from './node-access.ts';

export interface CreatedWallet {
  readonly wallet: string;
  /** Its first address. */
  readonly address: string;
  readonly type: AddressType;
}

/**
 * Adds a wallet to the node's wallet file, made now if need be, with a mnemonic from the system's randomness. Without a
 * name it is called wallet1, wallet2, and so on. Throws `PierError` 'wallet-exists' for a name that is taken.
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
      throw new PierError('wallet-exists', `node ${config.nodeId} has a wallet '${wallet}' already`, {
        hint: `Choose another --name; 'pier listaddresses' shows what there is.`,
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
