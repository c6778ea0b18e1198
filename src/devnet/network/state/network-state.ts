import { concatBytes, equalBytes } from '../../../bytes/compare.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { PierError } from '../../../platform/errors.ts';
import { formatAmount } from '../../../primitives/amount.ts';
import type { LinkConditions } from '../../../testing/link-conditions.ts';
import type { ClockState } from '../../../testing/network-clock.ts';
import type { PortableNode } from '../../nodes/engine.ts';
import type { NodeStatus } from '../../nodes/node-backend.ts';
import { decodeStoredNodes, encodeStoredNodes } from '../../nodes/state-body.ts';
import type { NetworkOptions, NodeOptions } from '../../topology/network-options.ts';
import type { NetworkPlan } from '../../topology/network-plan.ts';
import { formatPath, listFaults, type OptionPath } from '../../topology/topology-error.ts';
import type { MiningMode } from '../mining-mode.ts';
import type { FeeState } from '../network-fees.ts';
import { gunzip, gzip } from './gzip.ts';
import type { WalletSeeds } from './network-wallets.ts';

/** First bytes of a state, in version 1 of the format. */
const MAGIC = new TextEncoder().encode('PIERNET1');
const SHA256_BYTES = 32;
/** Bytes of an unpacked state at most. */
const MAX_BYTES = 1 << 30;

/** The state of a network at one moment, without that of its nodes. */
export interface NetworkHead {
  /** The options of a network with the same nodes, links and accounts. */
  readonly topology: SavedTopology;
  /** How many of its last nodes and links were added to the network while it ran; absent: none. */
  readonly added?: NetworkPlan['added'] | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  readonly clock: ClockState;
  /** In the order of the topology's links. */
  readonly links: readonly { readonly isCut: boolean; readonly conditions: LinkConditions }[];
  readonly mining: MiningMode;
  readonly fees?: FeeState | undefined;
  readonly wallets?: WalletSeeds | undefined;
}

/** The state of a network at one moment, as `encodeState` writes it. */
export interface NetworkState extends NetworkHead {
  /** In the order of the topology's nodes. */
  readonly nodes: readonly PortableNode[];
}

/** Topology of a saved network: everything that has a default is there. */
export type SavedTopology = NetworkOptions & { readonly nodes: readonly NodeOptions[] };

/** Options that the conditions of each link say too. */
const REPEATED_OPTIONS = ['conditions'];
/** Options of a node that depend on the machine: two runs of a network may differ in them. */
const LOCAL_OPTIONS = ['rpc', 'p2p', 'path'];

/**
 * Returns where a network differs from a saved one in nodes, links and accounts, one line for each option; their ports
 * and programs may differ.
 */
export function topologyDifferences(given: SavedTopology, saved: SavedTopology): string[] {
  return [...differences([], given, saved)];
}

function* differences(path: OptionPath, given: unknown, saved: unknown): Generator<string> {
  if (isObject(given) && isObject(saved)) {
    const isList = Array.isArray(given);
    if (isList && given.length !== (saved as unknown as unknown[]).length) {
      yield `${formatPath(path)}: ${given.length} instead of ${(saved as unknown as unknown[]).length}`;
      return;
    }
    for (const key of new Set([...Object.keys(given), ...Object.keys(saved)])) {
      if (path.length === 0 && REPEATED_OPTIONS.includes(key as string)) continue;
      if (path.length === 2 && path[0] === 'nodes' && LOCAL_OPTIONS.includes(key)) continue;
      yield* differences([...path, isList ? Number(key) : key], given[key], saved[key]);
    }
    return;
  }
  if (given !== saved) yield `${formatPath(path)}: ${String(given)} instead of ${String(saved)}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Returns the options of a network with the nodes, links and accounts of a plan, wherever they run. */
export function topologyOf(plan: NetworkPlan): SavedTopology {
  const { network, nodes, links, conditions, accounts, mnemonic, balance, seed } = plan;
  return {
    ...{ network, accounts, mnemonic, balance: formatAmount(balance), seed },
    nodes: nodes.map(({ name, role, kind, path, accounts: held, rpcPort, p2pPort }) => ({
      ...{ name, role, kind, path, accounts: held },
      ...{ rpc: portOption(rpcPort), p2p: portOption(p2pPort) },
    })),
    links: links.map((link) => ({ between: [link.from, link.to], ...link.conditions })),
    conditions,
  };
}

/** Returns what the options `rpc` and `p2p` have for a port of a plan. */
function portOption(port: number | undefined): boolean | number {
  return port === undefined ? false : port === 0 || port;
}

/** Files with states; a browser has none. */
export interface StateFiles {
  /** Writes a file, which is replaced as a whole. Rejects with `PierError` 'state-not-saved'. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Reads a file. */
  read(path: string): Promise<Uint8Array>;
}

/** Returns the bytes of a state: packed, with a checksum. */
export async function encodeState({ nodes, ...head }: NetworkState): Promise<Uint8Array> {
  const statuses = nodes.map(({ status }) => status);
  const json = new TextEncoder().encode(`${JSON.stringify({ ...head, statuses })}\n`);
  const body = encodeStoredNodes(nodes.map(({ contents }) => contents));
  const bytes = concatBytes(MAGIC, await gzip(concatBytes(json, body)));
  return concatBytes(bytes, sha256(bytes));
}

/**
 * Returns the state in bytes, or in the file with a path. Throws `PierError` 'bad-state' if there is none or it is damaged,
 * 'no-files' for a path in a browser.
 */
export async function loadState(from: string | Uint8Array, files: StateFiles | undefined): Promise<NetworkState> {
  if (typeof from !== 'string') return decodeState(from, 'the state');
  const bytes = await requireFiles(files)
    .read(from)
    .catch((cause: Error) => {
      throw bad(from, cause.message, 'Check the path.', cause);
    });
  return decodeState(bytes, from);
}

/**
 * Returns it as `loadState` does. Throws `PierError` 'bad-state' if it is that of a network with other nodes, links,
 * accounts or wallets than `network`.
 */
export async function loadStateOf(
  network: Pick<NetworkHead, 'topology' | 'wallets'>,
  from: string | Uint8Array,
  files: StateFiles | undefined,
): Promise<NetworkState> {
  const state = await loadState(from, files);
  const differences = topologyDifferences(network.topology, state.topology);
  if (JSON.stringify(network.wallets) !== JSON.stringify(state.wallets))
    differences.push('its wallets have other keys');
  if (differences.length === 0) return state;
  const name = typeof from === 'string' ? from : 'this';
  const message = `${name} is the state of a network with other nodes, links or accounts:\n${listFaults(differences)}`;
  throw new PierError('bad-state', message, { hint: 'Create that network with createNetwork({ state: FILE }).' });
}

/** Returns the files. Throws `PierError` 'no-files' if there are none. */
export function requireFiles(files: StateFiles | undefined): StateFiles {
  if (files) return files;
  throw new PierError('no-files', 'a web page has no files: the state cannot be in one', {
    hint: 'Use the bytes that network.saveState() returns, with network.load() or createNetwork({ state }).',
  });
}

/** Decodes a state; `name` is its name in errors. */
async function decodeState(bytes: Uint8Array, name: string): Promise<NetworkState> {
  if (!equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)) {
    const hint = 'Give what network.save(), network.saveState() or pier up --state has written, with the same version.';
    throw bad(name, 'it is not the state of a network in the format of this version', hint);
  }
  const end = Math.max(0, bytes.length - SHA256_BYTES);
  const hint = 'Restore it from a copy, or start a new network.';
  if (!equalBytes(sha256(bytes.subarray(0, end)), bytes.subarray(end))) {
    throw bad(name, 'it is damaged: its checksum does not match', hint);
  }
  try {
    const unpacked = await gunzip(bytes.subarray(MAGIC.length, end), MAX_BYTES);
    const headEnd = unpacked.indexOf(0x0a);
    const text = new TextDecoder().decode(unpacked.subarray(0, headEnd));
    const { statuses, ...head } = JSON.parse(text) as Omit<NetworkState, 'nodes'> & {
      readonly statuses: readonly NodeStatus[];
    };
    const contents = await decodeStoredNodes(unpacked.subarray(headEnd + 1));
    return { ...head, nodes: contents.map((each, i) => ({ contents: each, status: statuses[i]! })) };
  } catch (cause) {
    throw bad(name, (cause as Error).message, hint, cause);
  }
}

function bad(name: string, reason: string, hint: string, cause?: unknown): PierError {
  return new PierError('bad-state', `${name} cannot be loaded: ${reason}`, { hint, cause });
}
