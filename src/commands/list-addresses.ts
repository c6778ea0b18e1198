import type { NodeConfig } from '../node/config.ts';
import { accessNode } from './node-access.ts';

export interface ListedAddress {
  readonly wallet: string;
  readonly address: string;
  /** Derivation path, such as m/84'/1'/0'/0/0. */
  readonly path: string;
  /** Made for change, not to be given to others. */
  readonly change: boolean;
  /** Whether coins have come to it. */
  readonly used: boolean;
}

/** The addresses that the node's wallets have handed out, oldest first. */
export function listAddresses(config: NodeConfig): Promise<readonly ListedAddress[]> {
  return accessNode(config, { network: 'none', requires: ['wallet'] }, (node) =>
    node.call<ListedAddress[]>('listaddresses'),
  );
}
