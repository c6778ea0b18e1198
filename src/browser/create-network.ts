import type { NodeNetwork } from '../devnet/network/node-network.ts';
import { type CreateOptions, openNetwork } from '../devnet/network/open-network.ts';
import { pageHost } from './page-host.ts';
import { loadSecp256k1 } from './secp256k1.ts';

/**
 * Creates a network of nodes with funded accounts in a web page, and resolves when they are connected and in sync. It
 * takes the options of `createNetwork` in `pier/devnet`, except for what a page does not have: processes, ports, files
 * and networks other than regtest. A state is given as bytes (`NodeNetwork.saveState`). Throws `PierError` 'bad-topology'
 * for invalid options, 'bad-state' for bytes that are no state, 'no-files' for a path.
 *
 * @example
 * ```ts
 * import { createNetwork } from 'pier/browser';
 *
 * const network = await createNetwork({ nodes: 3, accounts: 2 });
 * const [alice, bob] = network.accounts;
 * await alice!.pay(bob!, '1.5');
 * await network.mine();
 * console.log(await bob!.balance()); // 5150000000n
 * await network.close();
 * ```
 */
export async function createNetwork(given: CreateOptions = {}): Promise<NodeNetwork> {
  await loadSecp256k1();
  return openNetwork(given, pageHost);
}
