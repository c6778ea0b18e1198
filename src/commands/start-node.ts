import { rpcMethods } from '../api/methods/index.ts';
import { lightMethods } from '../api/methods/light/index.ts';
import { RpcServer } from '../api/rpc/rpc-server.ts';
import { type NodeConfig, nodePaths } from '../node/config.ts';
import { descriptorLimit, shareDescriptors } from '../node/descriptors.ts';
import { FullNode, type NodeModules } from '../node/full-node.ts';
import { LightNode } from '../node/light-node.ts';
import { requireFile } from './node-access.ts';

/** A running node and its RPC server. */
export interface StartedNode<N extends FullNode | LightNode = FullNode> {
  readonly node: N;
  readonly rpc: RpcServer;
}

/** How `startNode` starts a node. */
export interface StartNodeOptions {
  /** Whether a node without a chain is started, to download it; default: if the configuration has seeds. */
  readonly downloads?: boolean;
}

/**
 * Starts a full node and its RPC server; `node.stop()` stops both. Missing files are created. Throws `PierError`
 * 'missing-chain' if there is neither a chain nor a peer to download one from, and whatever `FullNode.start` and
 * `RpcServer.start` throw.
 *
 * @example
 * ```ts
 * import { nodeConfig, RpcClient, startNode } from 'pier';
 *
 * const { node, rpc } = await startNode(nodeConfig({ nodeId: 3000, dataDir: '/tmp/pier' }));
 * const { host, port, cookieFile } = rpc;
 * console.log(await new RpcClient({ host, port, cookieFile }).call('getblockcount'));
 * await node.stop();
 * ```
 */
export async function startNode(
  config: NodeConfig,
  modules: Partial<NodeModules> = {},
  { downloads = config.p2p.seeds.length > 0 }: StartNodeOptions = {},
): Promise<StartedNode> {
  if (!downloads) requireFile(config, 'chain');
  const node = await FullNode.start(config, { network: 'full', createChain: true, createWallet: true }, modules);
  return serve(node, () => RpcServer.start(rpcOptions(config), node, rpcMethods));
}

/**
 * Starts a light node and its RPC server; `node.stop()` stops both. Missing files are created. Throws whatever
 * `LightNode.start` and `RpcServer.start` throw.
 */
export async function startLightNode(
  config: NodeConfig,
  modules: Partial<NodeModules> = {},
): Promise<StartedNode<LightNode>> {
  const node = await LightNode.start(config, { network: 'full' }, modules);
  return serve(node, () => RpcServer.start(rpcOptions(config), node, lightMethods));
}

function rpcOptions(config: NodeConfig) {
  const { rpc } = shareDescriptors(descriptorLimit(), config.p2p.maxConnections);
  return { ...config.rpc, cookieFile: nodePaths(config).cookie, connections: { total: rpc } };
}

async function serve<N extends FullNode | LightNode>(
  node: N,
  start: () => Promise<RpcServer>,
): Promise<StartedNode<N>> {
  try {
    const rpc = await start();
    node.beforeStop(() => rpc.close());
    return { node, rpc };
  } catch (error) {
    await node.stop();
    throw error;
  }
}
