import { availableParallelism } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { chainParams, type NetworkName } from '../consensus/params.ts';
import { DEFAULT_MEMPOOL_OPTIONS, type MempoolOptions } from '../mempool/options.ts';
import { completeConfig, type NodeConfig } from '../node/composition/settings.ts';
import { formatUserAgent } from '../p2p/connections/user-agent.ts';
import { type Endpoint, formatEndpoint, parseEndpoint } from '../p2p/net/endpoint.ts';
import { MAX_USER_AGENT_LENGTH } from '../p2p/wire/protocol.ts';
import { parseAmount } from '../primitives/amount.ts';
import { OptionError } from './arguments/option-error.ts';
import type { ReadSettings } from './arguments/read-settings.ts';
import type { Settings } from './arguments/settings.ts';
import type { DebugLogOptions } from './debug-log.ts';
import { debugCategories } from './log-categories.ts';
import { type DaemonRpc, rpcSettings } from './rpc-settings.ts';

/** The RPC ports (Core: CBaseChainParams::RPCPort). */
const RPC_PORTS: Readonly<Record<NetworkName, number>> = {
  main: 8332,
  test: 18332,
  testnet4: 48332,
  signet: 38332,
  regtest: 18443,
};
/** Threads of script verification at most (Core: MAX_SCRIPTCHECK_THREADS). */
const MAX_SCRIPT_THREADS = 15;
const MEBIBYTE = 1 << 20;
const DEFAULT_COIN_CACHE_MEBIBYTES = 64n;

/** What a daemon is started with. */
export interface DaemonSettings {
  readonly config: NodeConfig;
  /** How calls are accepted; undefined if none are (Core: -server). */
  readonly rpc: DaemonRpc | undefined;
  readonly files: DaemonFiles;
  readonly log: DebugLogOptions;
  /** Commands of the shell to run. */
  readonly commands: DaemonCommands;
  /** Unix seconds that the node's clock shows; undefined: the real time. */
  readonly mockTime: number | undefined;
}

/** Paths of a daemon's files besides those of its node. */
export interface DaemonFiles {
  readonly pid: string;
  /** undefined: there is no log file. */
  readonly debugLog: string | undefined;
}

/** Commands that a daemon runs, each with its placeholders. */
export interface DaemonCommands {
  readonly startup: readonly string[];
  readonly shutdown: readonly string[];
  /** `%s` is the hash of the tip. */
  readonly block: readonly string[];
}

/** Returns what settings ask for. Throws `OptionError`, with Bitcoin Core's text where Core has one. */
export function daemonSettings(read: ReadSettings): DaemonSettings {
  const { settings, network, networkDir } = read;
  const path = (name: string, fallback: string) => {
    const text = settings.text(name);
    const named = text === undefined || text === '' ? fallback : text;
    return isAbsolute(named) ? named : join(networkDir, named);
  };
  const params = paramsOf(settings, network);
  const port = portOf(settings, 'port', params.defaultPort);
  const rpcPort = portOf(settings, 'rpcport', RPC_PORTS[network]);
  const connect = settings.has('connect') ? settings.list('connect') : undefined;
  const connectsOnly = connect !== undefined;
  const peers = connectsOnly ? (connect[0] === '0' ? [] : connect) : [];
  const maxConnections = Number(settings.int('maxconnections', 125n));
  const listens = settings.bool('listen', !connectsOnly && maxConnections > 0);
  const binds = settings.list('bind');
  if (binds.length > 0 && !listens) throw new OptionError('Cannot set -bind or -whitebind together with -listen=0');
  const blockFilterIndex = indexesFilters(settings);
  if (settings.bool('peerblockfilters', false) && !blockFilterIndex) {
    throw new OptionError('Cannot set -peerblockfilters without -blockfilterindex.');
  }
  const config = completeConfig(
    {
      store: {
        persistMempool: settings.bool('persistmempool', true),
        paths: {
          chain: join(networkDir, 'blockchain.db'),
          wallet: join(networkDir, 'wallet.db'),
          mempool: join(networkDir, 'mempool.dat'),
          cookie: path('rpccookiefile', '.cookie'),
        },
      },
      chain: {
        blockFilterIndex,
        coinCacheBytes: Math.max(4, Number(settings.int('dbcache', DEFAULT_COIN_CACHE_MEBIBYTES))) * MEBIBYTE,
        scriptThreads: scriptThreads(settings.int('par', 0n)),
      },
      mempool: mempoolOptions(settings, network),
      p2p: {
        listen: listens ? (binds.length > 0 ? binds : ['127.0.0.1']).map((text) => bound(text, port)) : [],
        seeds: [...peers, ...settings.list('addnode')].map((text) => withPort(text, params.defaultPort)),
        maxConnections: Math.max(1, maxConnections),
        maxOutbound: connectsOnly ? 0 : undefined,
        v2Transport: settings.bool('v2transport', true),
        blocksOnly: settings.bool('blocksonly', false),
        bloomFilters: settings.bool('peerbloomfilters', false),
        blockFilters: settings.bool('peerblockfilters', false),
        networkActive: settings.bool('networkactive', true),
        userAgent: userAgent(settings.list('uacomment')),
      },
      rpc: { port: rpcPort },
    },
    { nodeId: port, params, dataDir: networkDir },
  );
  const mockTime = Number(settings.int('mocktime', 0n));
  return {
    config,
    rpc: settings.bool('server', true) ? rpcSettings(settings, rpcPort) : undefined,
    files: {
      pid: path('pid', 'bitcoind.pid'),
      debugLog: settings.isNegated('debuglogfile') ? undefined : path('debuglogfile', 'debug.log'),
    },
    commands: {
      startup: settings.list('startupnotify'),
      shutdown: settings.list('shutdownnotify'),
      block: single(settings, 'blocknotify'),
    },
    log: {
      timestamps: settings.bool('logtimestamps', true),
      micros: settings.bool('logtimemicros', false),
      categories: debugCategories(settings),
    },
    mockTime: mockTime === 0 ? undefined : mockTime,
  };
}

/** Returns the rules of the network, with the least work that the settings ask for. */
function paramsOf(settings: Settings, network: NetworkName) {
  const params = chainParams(network);
  const work = settings.text('minimumchainwork');
  if (work === undefined) return params;
  const digits = /^(?:0x)?([0-9a-fA-F]{1,64})$/.exec(work)?.[1];
  if (digits === undefined) {
    throw new OptionError(`Invalid minimum work specified (${work}), must be up to 64 hex digits`);
  }
  return { ...params, minimumChainWork: BigInt(`0x${digits}`) };
}

function mempoolOptions(settings: Settings, network: NetworkName): MempoolOptions {
  const defaults = DEFAULT_MEMPOOL_OPTIONS;
  const { limits } = defaults;
  const number = (name: string, fallback: number) => Number(settings.int(name, BigInt(fallback)));
  const descendantSize = number('limitdescendantsize', limits.descendantSize / 1_000) * 1_000;
  const maxBytes = number('maxmempool', defaults.maxBytes / 1e6) * 1e6;
  const least = descendantSize * 40;
  if (maxBytes < least) throw new OptionError(`-maxmempool must be at least ${Math.ceil(least / 1e6)} MB`);
  const acceptsNonStandard = settings.bool('acceptnonstdtxn', false);
  if (acceptsNonStandard && network === 'main') {
    throw new OptionError('acceptnonstdtxn is not currently supported for main chain');
  }
  const minRelayFeeRate = feeRate(settings, 'minrelaytxfee', defaults.minRelayFeeRate);
  const incremental = feeRate(settings, 'incrementalrelayfee', defaults.incrementalRelayFeeRate);
  return {
    // Transactions below it could be replaced for nothing.
    minRelayFeeRate: settings.has('minrelaytxfee') || incremental <= minRelayFeeRate ? minRelayFeeRate : incremental,
    incrementalRelayFeeRate: incremental,
    dustRelayFeeRate: feeRate(settings, 'dustrelayfee', defaults.dustRelayFeeRate),
    maxBytes,
    expirySeconds: number('mempoolexpiry', defaults.expirySeconds / 3_600) * 3_600,
    limits: {
      ancestorCount: number('limitancestorcount', limits.ancestorCount),
      ancestorSize: number('limitancestorsize', limits.ancestorSize / 1_000) * 1_000,
      descendantCount: number('limitdescendantcount', limits.descendantCount),
      descendantSize,
    },
    maxDataCarrierBytes: settings.bool('datacarrier', true)
      ? number('datacarriersize', defaults.maxDataCarrierBytes)
      : 0,
    permitBareMultisig: settings.bool('permitbaremultisig', defaults.permitBareMultisig),
    requireStandard: !acceptsNonStandard,
  };
}

/** Returns a fee rate in satoshis per 1,000 virtual bytes. */
function feeRate(settings: Settings, name: string, fallback: bigint): bigint {
  const text = settings.text(name);
  if (text === undefined) return fallback;
  // As ParseMoney of Core: white space around it does not count, nor does a point at its end.
  const rate = parseAmount(text.trim().replace(/\.$/, '.0'));
  if (rate === undefined || rate < 0n) throw new OptionError(`Invalid amount for -${name}=<amount>: '${text}'`);
  return rate;
}

/** Returns the user agent with comments (Core: AppInitParameterInteraction). */
function userAgent(comments: readonly string[]): string {
  const unsafe = comments.find((comment) => !/^[a-zA-Z0-9 .,;\-_?@]*$/.test(comment));
  if (unsafe !== undefined) throw new OptionError(`User Agent comment (${unsafe}) contains unsafe characters.`);
  const text = formatUserAgent(comments);
  if (text.length <= MAX_USER_AGENT_LENGTH) return text;
  throw new OptionError(
    `Total length of network version string (${text.length}) exceeds maximum length (${MAX_USER_AGENT_LENGTH}). ` +
      'Reduce the number or size of uacomments.',
  );
}

/** Returns the number of script threads besides the main thread (Core: -par). */
function scriptThreads(par: bigint): number | undefined {
  if (par === 0n) return undefined;
  const all = par < 0n ? availableParallelism() + Number(par) : Number(par);
  return Math.min(Math.max(all - 1, 0), MAX_SCRIPT_THREADS);
}

function indexesFilters(settings: Settings): boolean {
  const values = settings.list('blockfilterindex');
  for (const value of values) {
    if (!['', '0', '1', 'basic'].includes(value)) throw new OptionError(`Unknown -blockfilterindex value ${value}.`);
  }
  return values.some((value) => value !== '0');
}

/** Returns the port of an option. */
function portOf(settings: Settings, name: string, fallback: number): number {
  const text = settings.text(name);
  if (text === undefined) return fallback;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new OptionError(`Invalid port specified in -${name}: '${text}'`);
  return port;
}

/** Returns the endpoint of `-bind`. */
function bound(text: string, port: number): Endpoint {
  const address = text.replace(/=onion$/, '');
  try {
    return parseEndpoint(address, port);
  } catch {
    throw new OptionError(`Cannot resolve -bind address: '${text}'`);
  }
}

/** Returns the address of a peer with its port. What is no address stays as it is: `completeConfig` refuses it. */
function withPort(text: string, port: number): string {
  try {
    return formatEndpoint(parseEndpoint(text, port));
  } catch {
    return text;
  }
}

function single(settings: Settings, name: string): string[] {
  const text = settings.text(name);
  return text === undefined || text === '' || settings.isNegated(name) ? [] : [text];
}
