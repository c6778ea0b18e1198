import type { ChainParams } from '../../consensus/params.ts';
import { findNetwork, isPublicNetwork } from '../../node/networks.ts';
import { PierError } from '../../platform/errors.ts';
import { idealLink, type LinkConditions } from '../../testing/link-conditions.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { checkMnemonic } from '../../wallet/keys.ts';
import { toSatoshis } from './amount.ts';
import type { LinkOptions, NetworkOptions, NodeOptions, NodeRole } from './network-options.ts';
import { shapeLinks, shapeNames } from './shapes.ts';

/** Nodes of one network at most. */
const MAX_NODES = 1_000;
/** Accounts at most: each needs keys of four types. */
const MAX_ACCOUNTS = 1_000;
/** Nodes up to which each is linked to each by default. */
const MAX_MESH = 8;
/** The mnemonic that development tools of other chains use too. It is public: its coins are worth nothing. */
export const TEST_MNEMONIC = 'test test test test test test test test test test test junk';
const DEFAULT_BALANCE = '50';
const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,31}$/;

const roles: readonly NodeRole[] = ['central', 'full', 'miner', 'wallet', 'light'];

/** A node of a plan. */
export interface PlannedNode {
  readonly name: string;
  readonly role: NodeRole;
  /** Numbers of the accounts whose wallets it holds. */
  readonly accounts: readonly number[];
  /** Port of the RPC server, 0 for any; undefined for none. */
  readonly rpcPort: number | undefined;
}

/** A link of a plan. */
export interface PlannedLink {
  readonly from: string;
  readonly to: string;
  readonly conditions: LinkConditions;
}

/** Options of a network with every default filled in. */
export interface NetworkPlan {
  readonly params: ChainParams;
  readonly nodes: readonly PlannedNode[];
  readonly links: readonly PlannedLink[];
  readonly accounts: number;
  readonly mnemonic: string;
  /** Satoshis of each account. */
  readonly balance: bigint;
  readonly seed: number;
}

/** Checks the options of a network and fills in defaults. Throws `PierError` 'bad-topology' with the option's path. */
export function planNetwork(options: NetworkOptions): NetworkPlan {
  const { params } = findNetwork(options.network ?? 'regtest');
  if (isPublicNetwork(params)) throw bad('network', `${params.network} is public: its chain cannot be mined here`);
  const accounts = wholeNumber('accounts', options.accounts ?? 10, 0, MAX_ACCOUNTS);
  const seed = wholeNumber('seed', options.seed ?? 1, 0, 0xffff_ffff);
  const nodes = planNodes(options.nodes ?? 3, accounts);
  return {
    ...{ params, nodes, accounts, seed },
    links: planLinks(options, nodes, new SeededRandom(seed)),
    mnemonic: checkMnemonic(options.mnemonic ?? TEST_MNEMONIC),
    balance: toSatoshis(options.balance ?? DEFAULT_BALANCE, 'balance'),
  };
}

function planNodes(given: number | readonly NodeOptions[], accounts: number): PlannedNode[] {
  const list: readonly NodeOptions[] =
    typeof given === 'number' ? Array.from({ length: wholeNumber('nodes', given, 1, MAX_NODES) }, () => ({})) : given;
  wholeNumber('nodes.length', list.length, 1, MAX_NODES);
  const named = list.map((node, i) => planNode(node, i, accounts));
  const names = new Set<string>();
  for (const [i, { name }] of named.entries()) {
    if (names.has(name)) throw bad(`nodes[${i}].name`, `another node is called '${name}'`);
    names.add(name);
  }
  const holder = named.find(({ role }) => role !== 'light');
  if (!holder) throw bad('nodes', 'at least one node must be a full node');
  const held = new Set<number>();
  for (const [i, node] of named.entries()) {
    for (const account of node.accounts) {
      if (held.has(account)) throw bad(`nodes[${i}].accounts`, `another node holds account ${account}`);
      held.add(account);
    }
  }
  const left = Array.from({ length: accounts }, (_, i) => i).filter((i) => !held.has(i));
  return named.map((node) => (node === holder ? { ...node, accounts: [...node.accounts, ...left] } : node));
}

function planNode(node: NodeOptions, i: number, accountCount: number): PlannedNode {
  const { name = `node${i + 1}`, role = 'full', accounts = [], rpc = false } = node;
  if (!NAME.test(name)) {
    throw bad(`nodes[${i}].name`, `'${name}' is not a name: a letter, then up to 31 letters, digits, '_' or '-'`);
  }
  if (!roles.includes(role)) throw bad(`nodes[${i}].role`, `'${role}' is not one of ${roles.join(', ')}`);
  for (const [k, account] of accounts.entries()) {
    wholeNumber(`nodes[${i}].accounts[${k}]`, account, 0, accountCount - 1);
  }
  const rpcPort = typeof rpc === 'number' ? wholeNumber(`nodes[${i}].rpc`, rpc, 0, 65_535) : rpc ? 0 : undefined;
  return { name, role, accounts, rpcPort };
}

function planLinks(options: NetworkOptions, nodes: readonly PlannedNode[], random: SeededRandom): PlannedLink[] {
  const common = checkConditions('conditions', options.conditions ?? {}, idealLink);
  if (options.links) {
    const seen = new Set<string>();
    return options.links.map((link, i) => planLink(link, i, { nodes, common, seen }));
  }
  const shape = options.shape ?? (nodes.length <= MAX_MESH ? 'mesh' : 'random');
  if (!shapeNames.includes(shape)) throw bad('shape', `'${shape}' is not one of ${shapeNames.join(', ')}`);
  const pairs = shapeLinks(shape, nodes.length, random).map(([from, to]) => [nodes[from]!, nodes[to]!] as const);
  // In a mesh, two light nodes reach each other over the full ones.
  const possible = shape === 'mesh' ? pairs.filter((pair) => pair.some(({ role }) => role !== 'light')) : pairs;
  return possible.map(([from, to]) => directed(from, to, `shape (${shape})`, common));
}

interface LinkContext {
  readonly nodes: readonly PlannedNode[];
  readonly common: LinkConditions;
  /** Pairs of names that are linked. */
  readonly seen: Set<string>;
}

function planLink(
  { between, ...conditions }: LinkOptions,
  i: number,
  { nodes, common, seen }: LinkContext,
): PlannedLink {
  const [from, to] = between.map((name, k) => {
    const node = nodes.find((each) => each.name === name);
    if (node) return node;
    const known = nodes.map((each) => each.name).join(', ');
    throw bad(`links[${i}].between[${k}]`, `no node is called '${name}'; there are ${known}`);
  }) as [PlannedNode, PlannedNode];
  if (from === to) throw bad(`links[${i}].between`, `'${from.name}' cannot be linked to itself`);
  const pair = [from.name, to.name].sort().join(' ');
  if (seen.has(pair)) throw bad(`links[${i}].between`, `${from.name} and ${to.name} are linked already`);
  seen.add(pair);
  return directed(from, to, `links[${i}].between`, checkConditions(`links[${i}]`, conditions, common));
}

/** Returns a link that a full node accepts: light nodes do not listen. */
function directed(a: PlannedNode, b: PlannedNode, path: string, conditions: LinkConditions): PlannedLink {
  if (a.role === 'light' && b.role === 'light') {
    throw bad(path, `${a.name} and ${b.name} are light nodes, which do not accept connections`);
  }
  const [from, to] = b.role === 'light' ? [b, a] : [a, b];
  return { from: from.name, to: to.name, conditions };
}

/** Checks link conditions and fills in those of `base`. Throws `PierError` 'bad-topology'. */
export function checkConditions(path: string, given: Partial<LinkConditions>, base: LinkConditions): LinkConditions {
  const conditions = { ...base, ...given };
  for (const [name, value] of Object.entries(conditions)) {
    if (!(name in idealLink)) throw bad(`${path}.${name}`, 'there is no such option');
    const isValid = Number.isFinite(value) && value >= 0 && (name !== 'loss' || value < 1);
    if (!isValid)
      throw bad(
        `${path}.${name}`,
        `${value} is not ${name === 'loss' ? 'a share from 0 to below 1' : 'a number of at least 0'}`,
      );
  }
  return conditions;
}

function wholeNumber(path: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw bad(path, `${value} is not a whole number from ${least} to ${most}`);
}

function bad(path: string, reason: string): PierError {
  return new PierError('bad-topology', `${path}: ${reason}`, { hint: 'See the options of createNetwork().' });
}
