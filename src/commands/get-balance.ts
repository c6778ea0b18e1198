import type { NodeConfig } from '../node/config.ts';
import { decodeAddress } from '../script/address.ts';
import { accessNode } from './node-access.ts';

/** Bitcoins, as Core's getbalances tells them. */
export interface WalletBalance {
  readonly wallet: string;
  readonly trusted: number;
  readonly pending: number;
  readonly immature: number;
}

export interface AddressBalance {
  readonly address: string;
  /** Bitcoins in unspent outputs of the chain, young rewards among them. */
  readonly balance: number;
  readonly outputs: number;
  /** Height of the chain that was looked at. */
  readonly height: number;
}

/** What the node's wallets hold. */
export function getBalances(config: NodeConfig): Promise<readonly WalletBalance[]> {
  return accessNode(config, { network: 'none', requires: ['wallet', 'chain'] }, async (node) => {
    const balances: WalletBalance[] = [];
    for (const wallet of await node.call<string[]>('listwallets')) {
      const { mine } = await node.call<{
        mine: { trusted: number; untrusted_pending: number; immature: number };
      }>('getbalances', [], wallet);
      balances.push({ wallet, trusted: mine.trusted, pending: mine.untrusted_pending, immature: mine.immature });
    }
    return balances;
  });
}

/** What the chain holds for an address, whoever owns it. Throws `AddressError`. */
export async function getAddressBalance(config: NodeConfig, address: string): Promise<AddressBalance> {
  decodeAddress(address, config.params.address);
  return accessNode(config, { network: 'none', requires: ['chain'] }, async (node) => {
    const scan = await node.call<{ total_amount: number; unspents: unknown[]; height: number }>('scantxoutset', [
      'start',
      [`addr(${address})`],
    ]);
    return { address, balance: scan.total_amount, outputs: scan.unspents.length, height: scan.height };
  });
}
