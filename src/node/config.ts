import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ChainParams } from '../consensus/params.ts';
import { makeFolder } from '../store/lmdb/make-folder.ts';
import {
  completeConfig,
  DEFAULT_NETWORK,
  type NodeConfig,
  type NodeConfigInput,
  type NodePaths,
  RPC_PORT_OFFSET,
} from './composition/settings.ts';
import { UsageError } from './composition/usage-error.ts';
import { findNetwork } from './networks.ts';

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
  type P2pConfig,
  parseNodeAddress,
  RPC_PORT_OFFSET,
  type RpcConfig,
  type StoreConfig,
} from './composition/settings.ts';
export { UsageError } from './composition/usage-error.ts';

/**
 * Resolves options and environment (`NODE_ID`, `PIER_NETWORK`, `PIER_DATADIR`). Throws `UsageError`.
 *
 * @example
 * ```ts
 * import { nodeConfig } from 'pier/node';
 *
 * const config = nodeConfig({
 *   nodeId: 3001,
 *   network: 'classroom',
 *   dataDir: '/tmp/pier',
 *   p2p: { seeds: ['192.168.1.10:3000'] },
 *   mining: { mineAtTxs: 2 },
 * });
 * console.log(config.rpc.port);
 * ```
 */
export function nodeConfig(input: NodeConfigInput, env: NodeJS.ProcessEnv = process.env): NodeConfig {
  const nodeId =
    input.nodeId === undefined ? parseNodeId('NODE_ID', env.NODE_ID) : parseNodeId('--node-id', input.nodeId);
  const network = findNetwork(input.network ?? env.PIER_NETWORK ?? DEFAULT_NETWORK);
  const params =
    input.minimumChainWork === undefined
      ? network.params
      : { ...network.params, minimumChainWork: parseChainWork(input.minimumChainWork) };
  return completeConfig(input, { nodeId, params, dataDir: resolveDataDir(input.dataDir ?? env.PIER_DATADIR, params) });
}

/** Returns the data directory: the named folder, or `~/.pier/<network>`. */
export function resolveDataDir(named: string | undefined, { network }: Pick<ChainParams, 'network'>): string {
  return named === undefined || named === '' ? join(homedir(), '.pier', network) : resolve(named);
}

function parseNodeId(option: string, value: string | number | undefined): number {
  const example = 'For example: NODE_ID=3000 pier startnode';
  if (value === undefined || value === '') {
    throw new UsageError('no-node-id', 'NODE_ID is not set', {
      hint: `Set NODE_ID to the node's port, or give --node-id. ${example}`,
    });
  }
  const highest = 65_535 - RPC_PORT_OFFSET;
  const port = /^\d{1,5}$/.test(String(value)) ? Number(value) : Number.NaN;
  if (!(port >= 1 && port <= highest)) {
    throw new UsageError('bad-node-id', `${option} '${value}' is not a port from 1 to ${highest}`, {
      hint: `The node listens on this port, and for RPC on this port + ${RPC_PORT_OFFSET}. ${example}`,
    });
  }
  return port;
}

function parseChainWork(text: string): bigint {
  const digits = /^(0x)?([0-9a-fA-F]{1,64})$/.exec(text)?.[2];
  if (digits === undefined) {
    throw new UsageError('bad-chain-work', `--minimumchainwork '${text}' is not a number of up to 64 hex digits`);
  }
  return BigInt(`0x${digits}`);
}

/** Returns the paths of a node's files. */
export function nodePaths(
  config: Pick<NodeConfig, 'dataDir' | 'nodeId'> & Partial<Pick<NodeConfig, 'store'>>,
): NodePaths {
  return {
    chain: join(config.dataDir, `blockchain_${config.nodeId}.db`),
    wallet: join(config.dataDir, `wallet_${config.nodeId}.db`),
    mempool: join(config.dataDir, `mempool_${config.nodeId}.dat`),
    cookie: join(config.dataDir, `.cookie_${config.nodeId}`),
    ...config.store?.paths,
  };
}

/** Creates the data directory and its parents if they are missing. Throws `UsageError` 'bad-datadir'. */
export function makeDataDir(path: string): void {
  try {
    makeFolder(path);
  } catch (error) {
    throw new UsageError('bad-datadir', `the data directory ${path} cannot be created: ${(error as Error).message}`, {
      hint: 'Choose another folder with --datadir or PIER_DATADIR.',
      cause: error,
    });
  }
}
