import type { NodeConfig } from '../node/config.ts';
import { decodeAddress } from '../script/address.ts';
import { accessNode } from './node-access.ts';

/** The balance of one wallet in bitcoins, as in Core's getbalances. */
export interface WalletBalance {
  /** The wallet's name. */
  readonly wallet: string;
  readonly trusted: number;
  readonly pending: number;
  readonly immature: number;
}

/** The balance of an address. */
export interface AddressBalance {
  readonly address: string;
  /** Bitcoins in confirmed unspent outputs, including immature rewards. */
  readonly balance: number;
  /** Number of these outputs. */
  readonly outputs: number;
  /** Height of the chain that was scanned. */
  readonly height: number;
}

/** Returns the balances of the node's wallets. Throws `PierError` 'missing-wallet' or 'missing-chain'. */
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

/**
 * Returns the confirmed balance of any address, by a scan of the UTXO set. Throws
 * `AddressError`, and `PierError` 'missing-chain'.
 */
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
