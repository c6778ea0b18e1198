/**
 * Whole nodes in this process: `FullNode` validates, relays, mines and holds wallets; `LightNode` holds headers and the
 * payments of its wallets. Also their configuration, networks, and the search for one payment.
 *
 * @example
 * ```ts
 * import { mkdtemp } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { freeNodeIds } from 'pier/devnet';
 * import { FullNode, nodeConfig } from 'pier/node';
 *
 * const [nodeId] = await freeNodeIds(1);
 * const dataDir = await mkdtemp(join(tmpdir(), 'pier-'));
 * const node = await FullNode.start(nodeConfig({ nodeId, dataDir, p2p: { seeds: [] } }), {
 *   network: 'full',
 *   createChain: true,
 *   createWallet: true,
 * });
 * console.log(node.chain.tip.height, node.connections.peers().length);
 * await node.stop();
 * ```
 *
 * @module pier/node
 * @packageDocumentation
 */

export type { NodeEvent } from './composition/node-events.ts';
export type { NodeFiles } from './composition/node-files.ts';
export { RunningFullNode } from './composition/running-full-node.ts';
export { RunningLightNode } from './composition/running-light-node.ts';
export { type NetworkMode, type NodeModules, type NodeStores, RunningNode } from './composition/running-node.ts';
export { UsageError } from './composition/usage-error.ts';
export {
  CENTRAL_NODE_ID,
  type ChainConfig,
  type ConfigInput,
  DEFAULT_NETWORK,
  type LightConfig,
  LOOPBACK,
  type MiningConfig,
  type NodeConfig,
  type NodeConfigInput,
  type NodePaths,
  nodeConfig,
  nodePaths,
  type P2pConfig,
  parseNodeAddress,
  RPC_PORT_OFFSET,
  type RpcConfig,
  resolveDataDir,
  type StoreConfig,
} from './config.ts';
export { FullNode, type StartOptions } from './full-node.ts';
export { LightNode } from './light-node.ts';
export { createLogger, type LoggerOptions, type LogLevel } from './logging.ts';
export { type ReadNetworkOptions, readNetworkFile } from './network-file.ts';
export { findNetwork, isPublicNetwork, knownNetworks, type NamedNetwork, resolveBase } from './networks.ts';
export {
  type FinderProgress,
  type FoundPayment,
  findPayment,
  type PaymentFinderOptions,
  type PaymentSearchScope,
} from './payment-finder.ts';
