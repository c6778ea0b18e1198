import type { NodeConfig } from '../node/config.ts';
import { accessNode } from './node-access.ts';

/** An address that a wallet has handed out. */
export interface ListedAddress {
  /** The wallet's name. */
  readonly wallet: string;
  readonly address: string;
  /** Derivation path, such as m/84'/1'/0'/0/0. */
  readonly path: string;
  /** Whether the address is for change. */
  readonly change: boolean;
  /** Whether the address has received coins. */
  readonly used: boolean;
}

/** Lists the addresses that the node's wallets have handed out, oldest first. Throws `PierError` 'missing-wallet'. */
export function listAddresses(config: NodeConfig): Promise<readonly ListedAddress[]> {
  return accessNode(config, { network: 'none', requires: ['wallet'] }, (node) =>
    node.call<ListedAddress[]>('listaddresses'),
  );
}
