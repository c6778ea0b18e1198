import type { Timeline } from '../timeline.ts';

/** What the models of wallets and transactions ask the network through. */
export interface Nodes {
  readonly timeline: Pick<Timeline, 'nodes'>;
  /** Calls a method of a node, and of its wallet if one is given. */
  call<T>(node: string, method: string, params?: readonly unknown[], wallet?: string): Promise<T>;
  /** Calls a method on full nodes that run, one after the other, until one answers. */
  callAny<T>(method: string, params: readonly unknown[]): Promise<T>;
}

/** A wallet by its node and name. */
export interface WalletName {
  readonly node: string;
  readonly wallet: string;
}

/** Returns the names of the nodes that run. */
export function runningNodes({ timeline }: Pick<Nodes, 'timeline'>): string[] {
  return [...timeline.nodes.values()]
    .filter(({ moments }) => moments.at(-1)?.status === 'running')
    .map(({ name }) => name);
}

/** Returns the wallets of all nodes that run; a node that does not answer has none. */
export async function listWallets(nodes: Nodes): Promise<WalletName[]> {
  const lists = await Promise.all(
    runningNodes(nodes).map(async (node) => {
      const names = await nodes.call<string[]>(node, 'listwallets').catch(() => []);
      return names.map((wallet) => ({ node, wallet }));
    }),
  );
  return lists.flat();
}
