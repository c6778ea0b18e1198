import { createHash, randomBytes } from 'node:crypto';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { concatBytes, equalBytes } from '../../bytes/compare.ts';
import { PierError } from '../../platform/errors.ts';
import { formatAmount } from '../../primitives/amount.ts';
import type { LinkConditions } from '../../testing/link-conditions.ts';
import type { NodeStatus } from '../nodes/node-backend.ts';
import { decodeStoredNodes, encodeStoredNodes } from '../nodes/state-body.ts';
import type { StoredNode } from '../nodes/stored-node.ts';
import type { ClockState } from '../processes/network-clock.ts';
import type { NetworkOptions, NodeOptions } from '../topology/network-options.ts';
import type { NetworkPlan } from '../topology/network-plan.ts';
import { formatPath, type OptionPath } from '../topology/topology-error.ts';
import type { MiningMode } from './mining-mode.ts';
import type { FeeState } from './network-fees.ts';

/** First bytes of a file: a state of a network, in version 1 of the format. */
const MAGIC = new TextEncoder().encode('PIERNET1');
const SHA256_BYTES = 32;
/** Bytes of an unpacked file at most. */
const MAX_BYTES = 1 << 30;

/** The state of a network at one moment, as a file holds it. */
export interface NetworkState {
  /** The options of a network with the same nodes, links and accounts. */
  readonly topology: SavedTopology;
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  readonly clock: ClockState;
  /** In the order of the topology's links. */
  readonly links: readonly { readonly isCut: boolean; readonly conditions: LinkConditions }[];
  readonly mining: MiningMode;
  readonly fees: FeeState | undefined;
  /** In the order of the topology's nodes. */
  readonly nodes: readonly { readonly contents: StoredNode; readonly status: NodeStatus }[];
}

/** Topology of a saved network: everything that has a default is there. */
export type SavedTopology = NetworkOptions & { readonly nodes: readonly NodeOptions[] };

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
  const { network, nodes, links, accounts, mnemonic, balance, seed } = plan;
  return {
    ...{ network, accounts, mnemonic, balance: formatAmount(balance), seed },
    nodes: nodes.map(({ name, role, kind, path, accounts: held, rpcPort, p2pPort }) => ({
      ...{ name, role, kind, path, accounts: held },
      ...{ rpc: portOption(rpcPort), p2p: portOption(p2pPort) },
    })),
    links: links.map(({ from, to, conditions }) => ({ between: [from, to], ...conditions })),
  };
}

/** Returns what the options `rpc` and `p2p` have for a port of a plan. */
function portOption(port: number | undefined): boolean | number {
  return port === undefined ? false : port === 0 || port;
}

/** Checks that `writeState` can write to a path. Throws `PierError` 'state-not-saved'. */
export async function checkStatePath(path: string): Promise<void> {
  const draft = draftOf(path);
  try {
    if ((await stat(path).catch(() => undefined))?.isDirectory()) throw new Error('it is a folder');
    await writeFile(draft, '');
    await rm(draft);
  } catch (cause) {
    throw new PierError('state-not-saved', `${path} cannot be written: ${(cause as Error).message}`, {
      hint: 'Create its folder, check the permissions, or name another file.',
      cause,
    });
  }
}

/** Returns the path of the file that replaces the one at `path`. */
function draftOf(path: string): string {
  return `${path}.new-${randomBytes(6).toString('hex')}`;
}

/** Writes a state to a file, which is replaced as a whole. */
export async function writeState(path: string, { nodes, ...head }: NetworkState): Promise<void> {
  const statuses = nodes.map(({ status }) => status);
  const json = new TextEncoder().encode(`${JSON.stringify({ ...head, statuses })}\n`);
  const body = encodeStoredNodes(nodes.map(({ contents }) => contents));
  const packed = await promisify(gzip)(concatBytes(json, body));
  const bytes = concatBytes(MAGIC, packed);
  const draft = draftOf(path);
  try {
    // It holds wallets.
    await writeFile(draft, concatBytes(bytes, createHash('sha256').update(bytes).digest()), {
      mode: 0o600,
      flush: true,
    });
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => {});
    throw new PierError('state-not-saved', `writing ${path} failed: ${(cause as Error).message}`, {
      hint: 'Check the free space and the permissions of its folder. The file is as it was.',
      cause,
    });
  }
}

/** Reads a state. Throws `PierError` 'bad-state' if the file is not one, or is damaged. */
export async function readState(path: string): Promise<NetworkState> {
  const file = await readFile(path).catch((cause: Error) => {
    throw bad(path, cause.message, 'Check the path.', cause);
  });
  if (!equalBytes(file.subarray(0, MAGIC.length), MAGIC)) {
    const hint = 'Name a file that network.save() or pier up --state has written, with the same version of Pier.';
    throw bad(path, 'it is not the state of a network in the format of this version', hint);
  }
  const end = file.length - SHA256_BYTES;
  const hint = 'Restore it from a copy, or start a new network.';
  if (!equalBytes(createHash('sha256').update(file.subarray(0, end)).digest(), file.subarray(Math.max(0, end)))) {
    throw bad(path, 'it is damaged: its checksum does not match', hint);
  }
  try {
    const bytes = await promisify(gunzip)(file.subarray(MAGIC.length, end), { maxOutputLength: MAX_BYTES });
    const headEnd = bytes.indexOf(0x0a);
    const { statuses, ...head } = JSON.parse(bytes.subarray(0, headEnd).toString('utf8')) as Omit<
      NetworkState,
      'nodes'
    > & { readonly statuses: readonly NodeStatus[] };
    const contents = await decodeStoredNodes(new Uint8Array(bytes.subarray(headEnd + 1)));
    return { ...head, nodes: contents.map((each, i) => ({ contents: each, status: statuses[i]! })) };
  } catch (cause) {
    throw bad(path, (cause as Error).message, hint, cause);
  }
}

function bad(path: string, reason: string, hint: string, cause?: unknown): PierError {
  return new PierError('bad-state', `${path} cannot be loaded: ${reason}`, { hint, cause });
}
