import type { ChainOptions } from '../../chain/chain.ts';
import { type ChainParams, networkNames } from '../../consensus/params.ts';
import type { MempoolOptions } from '../../mempool/options.ts';
import { type Endpoint, parseEndpoint } from '../../p2p/net/endpoint.ts';
import type { FullNodeProcessorOptions } from '../../p2p/processing/full-node-processor.ts';
import { UsageError } from './usage-error.ts';

/** Offset of the default RPC port from the node's id. */
export const RPC_PORT_OFFSET = 10_000;

/** Id of the central node, the default seed of all others. */
export const CENTRAL_NODE_ID = 3000;

/** The address that nodes bind by default. */
export const LOOPBACK = '127.0.0.1';

/** The default network. */
export const DEFAULT_NETWORK = 'regtest';

/** Options of the chain; see `ChainOptions`. */
export type ChainConfig = Omit<ChainOptions, 'params'>;

/** Options of the miner. */
export interface MiningConfig {
  /** Address that receives the block rewards; absent: the node does not mine by itself. */
  readonly address?: string | undefined;
  /** Number of mempool transactions that triggers mining a block; 0: mine all the time. */
  readonly mineAtTxs: number;
  /** Threads that search for proof of work; absent: one less than the number of processors. */
  readonly threads?: number | undefined;
}

/** Options of the peer-to-peer network. */
export interface P2pConfig extends Required<FullNodeProcessorOptions> {
  /** Address to listen on; the port is the node's id. */
  readonly host: string;
  /** Endpoints to listen on instead; none: accept no peers (Core: -bind, -listen=0). */
  readonly listen?: readonly Endpoint[] | undefined;
  /** The name by which the node introduces itself (BIP14); absent: that of Pier. */
  readonly userAgent?: string | undefined;
  /** Whether the node has connections at all (Core: -networkactive); default true. */
  readonly networkActive?: boolean | undefined;
  /** Nodes to stay connected to. */
  readonly seeds: readonly Endpoint[];
  /** Maximum number of connections, except those to seeds and added nodes; absent: 125 (Core: -maxconnections). */
  readonly maxConnections?: number | undefined;
  /** Automatic full-relay connections; absent: 8. 0: only those to seeds and added nodes (Core: -connect). */
  readonly maxOutbound?: number | undefined;
  /** Whether to connect to public addresses that peers announce; otherwise only to loopback and private ones. */
  readonly publicAddresses: boolean;
  /** Whether addresses of nodes are announced to peers, and learned from them; default true. */
  readonly relaysAddresses: boolean;
}

/** Options of a light node. */
export interface LightConfig {
  /** Whether payments are found with Bloom filters (BIP37) instead of compact block filters (BIP157). */
  readonly bloom: boolean;
}

/** Options of the RPC server. */
export interface RpcConfig {
  readonly host: string;
  readonly port: number;
  /** The password in the cookie; absent: a new one at each start. */
  readonly password?: string | undefined;
}

/** Options of a node's files. */
export interface StoreConfig {
  /** Whether writes are not waited for: a power failure may then lose a file (LMDB: MDB_NOSYNC). Default false. */
  readonly relaxedDurability: boolean;
  /** Whether the mempool is kept in a file over a restart (Core: -persistmempool). Default true. */
  readonly persistMempool: boolean;
  /** Files that are elsewhere than in `dataDir` under the node's id. */
  readonly paths?: Partial<NodePaths> | undefined;
}

/** Paths of a node's files. */
export interface NodePaths {
  readonly chain: string;
  readonly wallet: string;
  readonly mempool: string;
  readonly cookie: string;
}

/** The configuration of one node, by layer. Each part is passed to its layer unchanged. */
export interface NodeConfig {
  /** The node's P2P port, which identifies the node on this machine. */
  readonly nodeId: number;
  /** The network's rules. */
  readonly params: ChainParams;
  /** Folder of the node's files. */
  readonly dataDir: string;
  readonly store: StoreConfig;
  readonly chain: ChainConfig;
  /** The mempool's policy, where it differs from the default. */
  readonly mempool: Partial<MempoolOptions>;
  readonly mining: MiningConfig;
  readonly p2p: P2pConfig;
  readonly light: LightConfig;
  readonly rpc: RpcConfig;
}

/** `T` with every property optional. */
export type ConfigInput<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** Options of one node as given by the caller; absent options have defaults. */
export interface NodeConfigInput {
  /** Default: `NODE_ID`. */
  readonly nodeId?: number | string | undefined;
  /** A network's name or the path of a network file; default: `PIER_NETWORK`, or regtest. */
  readonly network?: string | undefined;
  /** Folder of the node's files; default: `PIER_DATADIR`, or `~/.pier/<network>`. */
  readonly dataDir?: string | undefined;
  /** Hex digits that replace the network's minimum chainwork (Core: -minimumchainwork). */
  readonly minimumChainWork?: string | undefined;
  readonly store?: ConfigInput<StoreConfig> | undefined;
  /** `blockFilterIndex` is true by default. */
  readonly chain?: ConfigInput<ChainConfig> | undefined;
  readonly mempool?: Partial<MempoolOptions> | undefined;
  /** `mineAtTxs` is 2 by default. */
  readonly mining?:
    | (Omit<ConfigInput<MiningConfig>, 'mineAtTxs' | 'threads'> & {
        readonly mineAtTxs?: number | string | undefined;
        readonly threads?: number | string | undefined;
      })
    | undefined;
  readonly p2p?:
    | (Omit<ConfigInput<P2pConfig>, 'seeds' | 'maxConnections'> & {
        /** `host:port` or a port of this machine; default: the network's seeds, or the central node. */
        readonly seeds?: readonly string[] | undefined;
        readonly maxConnections?: number | string | undefined;
      })
    | undefined;
  readonly light?: ConfigInput<LightConfig> | undefined;
  /** Default: 127.0.0.1 and the node's id + 10,000. */
  readonly rpc?: ConfigInput<RpcConfig> | undefined;
}

/** A network selected by its name or by a network file. */
export interface NamedNetwork {
  readonly params: ChainParams;
  /** The name, or the absolute path of the file, for use as `--network` in another process. */
  readonly argument: string;
}

/** Returns whether a network is public, so that its chain is downloaded and not created. */
export function isPublicNetwork({ network }: Pick<ChainParams, 'network'>): boolean {
  return network !== 'regtest' && networkNames.some((name) => name === network);
}

/** Fills in the defaults of options, for a node whose id, network and folder are known. Throws `UsageError`. */
export function completeConfig(
  input: NodeConfigInput,
  { nodeId, params, dataDir }: Pick<NodeConfig, 'nodeId' | 'params' | 'dataDir'>,
): NodeConfig {
  const { chain = {}, mempool = {}, mining = {}, p2p = {}, light = {}, rpc = {} } = input;
  const host = p2p.host ?? LOOPBACK;
  const central = nodeId === CENTRAL_NODE_ID ? [] : [`${LOOPBACK}:${CENTRAL_NODE_ID}`];
  const seeds = p2p.seeds ?? (params.seeds.length > 0 ? params.seeds : central);
  return {
    nodeId,
    params,
    dataDir,
    store: {
      relaxedDurability: input.store?.relaxedDurability ?? false,
      persistMempool: input.store?.persistMempool ?? true,
      paths: input.store?.paths,
    },
    chain: { ...defined(chain), blockFilterIndex: chain.blockFilterIndex ?? true },
    mempool: defined(mempool),
    mining: {
      address: mining.address,
      mineAtTxs: parseMineAtTxs(mining.mineAtTxs ?? 2, params),
      threads: mining.threads === undefined ? undefined : parseCount('--miner-threads', mining.threads),
    },
    p2p: {
      host,
      seeds: seeds
        .map((seed) => parseNodeAddress(seed, '--seed'))
        .filter((seed) => seed.host !== host || seed.port !== nodeId),
      maxConnections:
        p2p.maxConnections === undefined ? undefined : parseCount('--max-connections', p2p.maxConnections),
      maxOutbound: p2p.maxOutbound,
      listen: p2p.listen,
      networkActive: p2p.networkActive,
      userAgent: p2p.userAgent,
      v2Transport: p2p.v2Transport ?? true,
      blocksOnly: p2p.blocksOnly ?? false,
      // On a local network, users watch payments arrive: announce them at once.
      trickle: p2p.trickle ?? isPublicNetwork(params),
      bloomFilters: p2p.bloomFilters ?? false,
      blockFilters: p2p.blockFilters ?? true,
      // A peer of a local network could otherwise make the node connect to anyone on the internet.
      publicAddresses: p2p.publicAddresses ?? isPublicNetwork(params),
      relaysAddresses: p2p.relaysAddresses ?? true,
    },
    light: { bloom: light.bloom ?? false },
    rpc: { host: rpc.host ?? LOOPBACK, port: rpc.port ?? nodeId + RPC_PORT_OFFSET, password: rpc.password },
  };
}

/** Returns a copy without the properties that are undefined. */
function defined<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

function parseCount(option: string, value: string | number, least = 1): number {
  const count = /^\d{1,6}$/.test(String(value)) ? Number(value) : Number.NaN;
  if (!(count >= least))
    throw new UsageError('bad-count', `${option} '${value}' is not a whole number of at least ${least}`);
  return count;
}

function parseMineAtTxs(value: string | number, { network, powNoRetargeting }: ChainParams): number {
  const count = parseCount('--mine-at-txs', value, 0);
  if (count === 0 && powNoRetargeting) {
    throw new UsageError('bad-count', `--mine-at-txs 0 would mine thousands of blocks a second on ${network}`, {
      hint: 'Use it on a network whose difficulty adapts, such as --network classroom.',
    });
  }
  return count;
}

/**
 * Parses `host:port`, `[ipv6]:port`, or a port of this machine. Throws `UsageError` 'bad-seed', whose message begins with
 * `option`, the option that has the value.
 */
export function parseNodeAddress(text: string, option?: string): Endpoint {
  try {
    return parseEndpoint(/^\d+$/.test(text) ? `${LOOPBACK}:${text}` : text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError('bad-seed', option === undefined ? message : `${option} ${message}`, {
      hint: 'For example: 127.0.0.1:3000',
      cause: error,
    });
  }
}
