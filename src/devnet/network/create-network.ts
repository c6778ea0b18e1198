import { findNetwork } from '../../node/networks.ts';
import { MemoryEngine } from '../nodes/memory-engine.ts';
import { NetworkFolder } from '../nodes/system/network-folder.ts';
import { ProcessEngine } from '../nodes/system/process-engine.ts';
import { systemPorts } from '../nodes/system/system-ports.ts';
import { requireFreePort, untilFree } from '../processes/ports.ts';
import type { NetworkOptions } from '../topology/network-options.ts';
import type { NodeNetwork } from './node-network.ts';
import { type CreateOptions, type NetworkHost, openNetwork, openSaved } from './open-network.ts';
import type { NetworkState } from './state/network-state.ts';
import { stateFiles } from './state/state-file.ts';

export type { CloseOptions, CreateOptions, SavedNetworkOptions } from './open-network.ts';

/** This process, and those that it starts. */
const thisMachine: NetworkHost = {
  findNetwork,
  files: stateFiles,
  openFolder: async ({ engine, dataDir }) => (engine === 'processes' ? NetworkFolder.open(dataDir) : undefined),
  createEngine: async (plan, modules) => {
    for (const [i, { rpcPort, p2pPort }] of plan.nodes.entries()) {
      // Nodes of a process that was killed still end.
      if (modules.folder?.kept) await Promise.all([untilFree(rpcPort), untilFree(p2pPort)]);
      await requireFreePort(rpcPort, `nodes[${i}].rpc`);
      await requireFreePort(p2pPort, `nodes[${i}].p2p`);
    }
    return plan.engine === 'processes'
      ? ProcessEngine.create(plan, { ...modules, folder: modules.folder as NetworkFolder })
      : MemoryEngine.create(plan, { ...modules, ports: systemPorts });
  },
};

/**
 * Creates a network of nodes with funded accounts, and resolves when they are connected and in sync. The nodes run in
 * this process, without ports and files, or with `engine: 'processes'` each in its own. With `state`, it
 * is the network of a file that `save` has written, at the time it was saved. When `signal` aborts, the network closes;
 * before that, this function rejects with the signal's reason. Throws `PierError` 'bad-topology' for invalid
 * options, 'bad-state' for such a file, 'port-in-use' for a port of `rpc` or `p2p`.
 *
 * @example
 * ```ts
 * import { createNetwork } from 'pier/devnet';
 *
 * await using network = await createNetwork({ nodes: 3, accounts: 10 });
 * const [alice, bob] = network.accounts;
 * const payment = await alice!.pay(bob!.address, '1.5');
 * await network.mine(1);
 * await payment.confirmed();
 * console.log(await bob!.balance()); // 5150000000n
 * ```
 */
export function createNetwork(given: CreateOptions = {}): Promise<NodeNetwork> {
  return openNetwork(given, thisMachine);
}

/** Creates a network with a saved state, whose nodes, links and accounts the options describe too. */
export function continueNetwork(options: NetworkOptions, saved: NetworkState): Promise<NodeNetwork> {
  return openSaved(options, saved, thisMachine);
}
