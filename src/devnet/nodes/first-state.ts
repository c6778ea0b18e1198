import { systemClock } from '../../platform/clock.ts';
import { MemoryStore } from '../../store/memory-store.ts';
import { fundedChain } from '../accounts/funded-chain.ts';
import { holdsAccounts, type NetworkPlan } from '../topology/network-plan.ts';
import type { PortableNode } from './engine.ts';

/**
 * Returns what the nodes of a new network begin with: funded accounts. Light nodes and a bitcoind download the chain. The
 * stores are shared: a node that writes to them needs forks. Nodes that were added later have no part in it.
 */
export async function firstState(plan: NetworkPlan): Promise<readonly PortableNode[]> {
  const funded = await fundedChain(plan, systemClock);
  const first = plan.nodes.find(holdsAccounts);
  return Promise.all(
    plan.nodes.slice(0, plan.nodes.length - plan.added.nodes).map(async (node): Promise<PortableNode> => {
      const isFirst = node === first;
      const hasWallet = holdsAccounts(node) && (node.accounts.length > 0 || isFirst);
      return {
        contents: {
          chain: holdsAccounts(node) ? funded.chain : new MemoryStore(),
          wallet: hasWallet ? await funded.wallet(node.accounts, isFirst) : new MemoryStore(),
          mempool: undefined,
        },
        status: 'running',
      };
    }),
  );
}

/** Returns what a node has that was added after a state was taken: it downloads the chain. */
export function addedState(): PortableNode {
  const contents = { chain: new MemoryStore(), wallet: new MemoryStore(), mempool: undefined };
  return { contents, status: 'running' };
}
