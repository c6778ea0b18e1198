import { chainParams } from '../consensus/params.ts';
import type { NetworkHost } from '../devnet/network/open-network.ts';
import { MemoryEngine } from '../devnet/nodes/memory-engine.ts';
import type { NetworkPlan } from '../devnet/topology/network-plan.ts';
import { TopologyError, type TopologyFault } from '../devnet/topology/topology-error.ts';
import { UsageError } from '../node/composition/usage-error.ts';

/** A web page: nodes in memory on regtest, without files and ports. */
export const pageHost: NetworkHost = {
  files: undefined,
  findNetwork: (name) => {
    if (name === 'regtest') return { params: chainParams(name), argument: name };
    throw new UsageError('unknown-network', `a web page has the network regtest only, not '${name}'`);
  },
  createEngine: async (plan, modules) => {
    const faults = faultsOf(plan);
    if (faults.length > 0) throw new TopologyError(faults);
    return MemoryEngine.create(plan, modules);
  },
};

/** Returns the options that a page cannot have. */
function faultsOf({ engine, nodes }: NetworkPlan): TopologyFault[] {
  const faults: TopologyFault[] = [];
  if (engine !== 'memory') {
    faults.push({ path: ['engine'], reason: 'a web page starts no processes: its nodes are in memory' });
  }
  for (const [i, { rpcPort, p2pPort }] of nodes.entries()) {
    const reason = 'a web page has no ports: use node.call() and the network itself';
    if (rpcPort !== undefined) faults.push({ path: ['nodes', i, 'rpc'], reason });
    if (p2pPort !== undefined) faults.push({ path: ['nodes', i, 'p2p'], reason });
  }
  return faults;
}
