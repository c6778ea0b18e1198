import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ChainParams } from '../consensus/params.ts';
import type { Endpoint } from '../p2p/net/endpoint.ts';
import { parseEndpoint } from '../p2p/net/endpoint.ts';
import { PierError } from '../platform/errors.ts';
import { findNetwork, isPublicNetwork } from './networks.ts';
import { UsageError } from './usage-error.ts';

export { UsageError } from './usage-error.ts';

/** RPC, REST and WebSocket listen this far above the node's own port. */
export const RPC_PORT_OFFSET = 10_000;

/** The port of the node that others look for when told of no other. */
export const CENTRAL_NODE_ID = 3000;

export const LOOPBACK = '127.0.0.1';

export const DEFAULT_NETWORK = 'regtest';

/** What makes one node: who it is, where its files lie, whom it knows, what it does. */
export interface NodeConfig {
  /** The node's P2P port, which is its name on this machine. */
  readonly nodeId: number;
  /** The network's rules. */
  readonly params: ChainParams;
  /** Folder of the node's files. */
  readonly dataDir: string;
  /** Address that P2P and RPC bind. */
  readonly host: string;
  readonly rpcPort: number;
  /** Nodes to keep connected to. */
  readonly seeds: readonly Endpoint[];
  /** Whether the encrypted transport (BIP324) is used with peers that know it. */
  readonly v2Transport: boolean;
  /** All connections but those to seeds and added nodes; absent: 125. */
  readonly maxConnections?: number;
  /** Address that the node's miner pays to; absent where the node does not mine. */
  readonly minerAddress?: string;
  /** Transactions in the mempool at which the miner starts; 0: it mines all the time. */
  readonly mineAtTxs: number;
  /** Keeps the filters of blocks (BIP158), and serves them to light clients. */
  readonly blockFilterIndex: boolean;
  /** Takes no transactions from peers. */
  readonly blocksOnly: boolean;
  /** Announces transactions after random delays, so that their origin stays unknown. */
  readonly trickle: boolean;
  /** Serves peers that filter by Bloom filters (BIP37; Core: -peerbloomfilters). */
  readonly peerBloomFilters: boolean;
  /** A light node finds its payments by Bloom filters (BIP37) instead of compact block filters (BIP157). */
  readonly bloomSearch: boolean;
  /** Threads that search for proof of work; absent: one for each processor but one. */
  readonly minerThreads?: number;
}

export interface NodeConfigInput {
  readonly nodeId?: string | number | undefined;
  /** A name, or the path of a network file. */
  readonly network?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly host?: string | undefined;
  /** `host:port` or a bare port; absent: those of the network, or else the central node, unless this is it. */
  readonly seeds?: readonly string[] | undefined;
  /** Default true. */
  readonly v2Transport?: boolean | undefined;
  readonly maxConnections?: string | number | undefined;
  readonly minerAddress?: string | undefined;
  readonly mineAtTxs?: string | number | undefined;
  readonly minerThreads?: string | number | undefined;
  /** Default true. */
  readonly blockFilterIndex?: boolean | undefined;
  readonly blocksOnly?: boolean | undefined;
  /** Absent: on public networks only, since on one machine people wait for a payment to appear. */
  readonly trickle?: boolean | undefined;
  readonly peerBloomFilters?: boolean | undefined;
  readonly bloomSearch?: boolean | undefined;
  /** Hex digits, in the place of what the network says (Core: -minimumchainwork). */
  readonly minimumChainWork?: string | undefined;
}

/** Resolves options and environment (`NODE_ID`, `PIER_NETWORK`, `PIER_DATADIR`); throws `UsageError`. */
export function nodeConfig(input: NodeConfigInput, env: NodeJS.ProcessEnv = process.env): NodeConfig {
  const nodeId = parseNodeId(input.nodeId ?? env.NODE_ID);
  const network = findNetwork(input.network ?? env.PIER_NETWORK ?? DEFAULT_NETWORK);
  const { minimumChainWork } = input;
  const params =
    minimumChainWork === undefined
      ? network.params
      : { ...network.params, minimumChainWork: parseChainWork(minimumChainWork) };
  const host = input.host ?? LOOPBACK;
  const central = nodeId === CENTRAL_NODE_ID ? [] : [`${LOOPBACK}:${CENTRAL_NODE_ID}`];
  const seeds = input.seeds ?? (params.seeds.length > 0 ? params.seeds : central);
  return {
    nodeId,
    params,
    host,
    dataDir: resolveDataDir(input.dataDir ?? env.PIER_DATADIR, params),
    rpcPort: nodeId + RPC_PORT_OFFSET,
    seeds: seeds.map(parseNodeAddress).filter((seed) => seed.host !== host || seed.port !== nodeId),
    v2Transport: input.v2Transport ?? true,
    ...(input.maxConnections === undefined
      ? {}
      : { maxConnections: parseCount('--max-connections', input.maxConnections) }),
    ...(input.minerAddress === undefined ? {} : { minerAddress: input.minerAddress }),
    blockFilterIndex: input.blockFilterIndex ?? true,
    blocksOnly: input.blocksOnly ?? false,
    trickle: input.trickle ?? isPublicNetwork(params),
    peerBloomFilters: input.peerBloomFilters ?? false,
    bloomSearch: input.bloomSearch ?? false,
    mineAtTxs: parseMineAtTxs(input.mineAtTxs ?? 2, params),
    ...(input.minerThreads === undefined ? {} : { minerThreads: parseCount('--miner-threads', input.minerThreads) }),
  };
}

/** `~/.pier/<network>/`, or the folder that was named. */
export function resolveDataDir(named: string | undefined, { network }: Pick<ChainParams, 'network'>): string {
  return named === undefined || named === '' ? join(homedir(), '.pier', network) : resolve(named);
}

function parseNodeId(value: string | number | undefined): number {
  const example = 'For example: NODE_ID=3000 pier startnode';
  if (value === undefined || value === '') {
    throw new UsageError('no-node-id', 'NODE_ID is not set, so there is no telling which node is meant', {
      hint: `Set NODE_ID to the node's port, or give --node-id. ${example}`,
    });
  }
  const highest = 65_535 - RPC_PORT_OFFSET;
  const port = /^\d{1,5}$/.test(String(value)) ? Number(value) : Number.NaN;
  if (!(port >= 1 && port <= highest)) {
    throw new UsageError('bad-node-id', `NODE_ID '${value}' is not a port from 1 to ${highest}`, {
      hint: `The node listens on NODE_ID, and on NODE_ID + ${RPC_PORT_OFFSET} for RPC. ${example}`,
    });
  }
  return port;
}

function parseCount(option: string, value: string | number, least = 1): number {
  const count = /^\d{1,6}$/.test(String(value)) ? Number(value) : Number.NaN;
  if (!(count >= least)) throw new UsageError('bad-count', `${option} '${value}' is not a whole number from ${least}`);
  return count;
}

function parseChainWork(text: string): bigint {
  const digits = /^(0x)?([0-9a-fA-F]{1,64})$/.exec(text)?.[2];
  if (digits === undefined) {
    throw new UsageError('bad-chain-work', `--minimumchainwork '${text}' is not a number of up to 64 hex digits`);
  }
  return BigInt(`0x${digits}`);
}

function parseMineAtTxs(value: string | number, { network, powNoRetargeting }: ChainParams): number {
  const count = parseCount('--mine-at-txs', value, 0);
  if (count === 0 && powNoRetargeting) {
    throw new UsageError('bad-count', `--mine-at-txs 0 would mine thousands of blocks a second on ${network}`, {
      hint: 'Mine all the time only where the difficulty adapts to it, as with --network classroom.',
    });
  }
  return count;
}

/** `host:port`, `[ipv6]:port`, or a bare port of this machine. Throws `UsageError` 'bad-seed'. */
export function parseNodeAddress(text: string): Endpoint {
  try {
    return parseEndpoint(/^\d+$/.test(text) ? `${LOOPBACK}:${text}` : text);
  } catch (error) {
    throw new UsageError('bad-seed', error instanceof Error ? error.message : String(error), {
      hint: 'For example: 127.0.0.1:3000',
      cause: error,
    });
  }
}

/** The files of a node, all in its data directory. */
export function nodePaths(config: Pick<NodeConfig, 'dataDir' | 'nodeId'>): {
  chain: string;
  wallet: string;
  cookie: string;
} {
  return {
    chain: join(config.dataDir, `blockchain_${config.nodeId}.db`),
    wallet: join(config.dataDir, `wallet_${config.nodeId}.db`),
    cookie: join(config.dataDir, `.cookie_${config.nodeId}`),
  };
}

/** Makes the data directory where it is missing, with all above it. Throws `PierError` 'bad-datadir'. */
export async function makeDataDir(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw new PierError('bad-datadir', `the data directory ${path} cannot be made: ${(error as Error).message}`, {
      hint: 'Name another with --datadir or PIER_DATADIR.',
      cause: error,
    });
  }
}
