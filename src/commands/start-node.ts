import { RpcServer } from '../api/rpc-server.ts';
import { type NodeConfig, nodePaths } from '../node/config.ts';
import { FullNode, type NodeModules } from '../node/full-node.ts';
import { requireFile } from './node-access.ts';

/** A node that serves peers and, through its RPC, people. */
export interface StartedNode {
  readonly node: FullNode;
  readonly rpc: RpcServer;
}

/**
 * Starts a node on its files, which are made where they are missing, and its RPC server; `node.stop()` ends both.
 * Throws `PierError` 'missing-chain' where there is neither a chain nor a seed to download one from, and what
 * `FullNode.start` and `RpcServer.start` throw.
 */
export async function startNode(config: NodeConfig, modules: Partial<NodeModules> = {}): Promise<StartedNode> {
  if (config.seeds.length === 0) requireFile(config, 'chain');
  const node = await FullNode.start(config, { network: 'full', createChain: true, createWallet: true }, modules);
  try {
    const { cookie: cookieFile } = nodePaths(config);
    const rpc = await RpcServer.start({ host: config.host, port: config.rpcPort, cookieFile }, node);
    node.beforeStop(() => rpc.close());
    return { node, rpc };
  } catch (error) {
    await node.stop();
    throw error;
  }
}
