export {
  CENTRAL_NODE_ID,
  DEFAULT_NETWORK,
  LOOPBACK,
  type NodeConfig,
  type NodeConfigInput,
  nodeConfig,
  nodePaths,
  parseNodeAddress,
  RPC_PORT_OFFSET,
  resolveDataDir,
} from './config.ts';
export { FullNode, type StartOptions } from './full-node.ts';
export { LightNode } from './light-node.ts';
export { createLogger, type LogLevel } from './logging.ts';
export { type ReadNetworkOptions, readNetworkFile } from './network-file.ts';
export { findNetwork, isPublicNetwork, knownNetworks, type NamedNetwork, resolveBase } from './networks.ts';
export {
  type FinderProgress,
  type FoundPayment,
  findPayment,
  type PaymentFinderOptions,
  type WhereToLook,
} from './payment-finder.ts';
export { type NetworkMode, type NodeModules, RunningNode } from './running-node.ts';
export { UsageError } from './usage-error.ts';
