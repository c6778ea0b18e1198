import type { ChainParams } from '../../consensus/params.ts';
import { isPublicNetwork, type NamedNetwork } from '../../node/composition/settings.ts';
import { PierError } from '../../platform/errors.ts';
import { idealLink, type LinkConditions } from '../../testing/link-conditions.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { checkMnemonic } from '../../wallet/keys.ts';
import { toSatoshis } from './amount.ts';
import type {
  ConditionsOptions,
  EngineName,
  LinkOptions,
  NetworkOptions,
  NodeKind,
  NodeOptions,
  NodeRole,
} from './network-options.ts';
import { shapeLinks } from './shapes.ts';
import { listed, type OptionPath, TopologyError } from './topology-error.ts';
import { checkOptions, defaults } from './topology-schema.ts';

/** Nodes up to which each is linked to each by default. */
const MAX_MESH = 8;

/** A node of a plan. */
export interface PlannedNode {
  readonly name: string;
  readonly role: NodeRole;
  readonly kind: NodeKind;
  /** Where the `bitcoind` is; undefined for the default. */
  readonly path: string | undefined;
  /** Numbers of the accounts whose wallets it holds. */
  readonly accounts: readonly number[];
  /** Port of the RPC server, 0 for any; undefined for none. */
  readonly rpcPort: number | undefined;
  /** Port for peers of other programs, 0 for any; undefined for none. */
  readonly p2pPort: number | undefined;
}

/** A link of a plan. */
export interface PlannedLink {
  readonly from: string;
  readonly to: string;
  readonly conditions: LinkConditions;
}

/** Options of a network with every default filled in. */
export interface NetworkPlan {
  /** A name, or the path of a network file. */
  readonly network: string;
  readonly params: ChainParams;
  readonly nodes: readonly PlannedNode[];
  readonly links: readonly PlannedLink[];
  /** How links carry bytes that say nothing else. */
  readonly conditions: LinkConditions;
  /** How many of the last nodes and links were added while the network ran. */
  readonly added: { readonly nodes: number; readonly links: number };
  readonly accounts: number;
  readonly mnemonic: string;
  /** Satoshis of each account. */
  readonly balance: bigint;
  readonly seed: number;
  readonly engine: EngineName;
  /** Folder of the nodes' files; undefined for a temporary one, or none. */
  readonly dataDir: string | undefined;
}

/** Returns the network with a name, or in a network file. Throws `PierError`. */
export type FindNetwork = (name: string) => NamedNetwork;

/** Checks the options of a network and fills in defaults. Throws `PierError` 'bad-topology' with the option's path. */
export function planNetwork(given: NetworkOptions, findNetwork: FindNetwork): NetworkPlan {
  const options = { ...defaults, ...withoutUndefined(checkOptions(given)) };
  const { accounts, seed, engine, dataDir } = options;
  const params = planParams(options.network, findNetwork);
  const mnemonic = reasonOf(['mnemonic'], () => checkMnemonic(options.mnemonic));
  if (dataDir !== undefined && engine !== 'processes') {
    throw bad(['dataDir'], "a network in memory has no files: give engine 'processes' too");
  }
  const nodes = planNodes(options.nodes, accounts);
  for (const [i, { kind }] of nodes.entries()) if (kind === 'bitcoind') checkHost(['nodes', i, 'kind'], engine, params);
  const links = planLinks(options, nodes, new SeededRandom(seed));
  return {
    network: options.network,
    params,
    nodes,
    links,
    conditions: withConditions(options.conditions ?? {}, idealLink),
    added: { nodes: 0, links: 0 },
    accounts,
    mnemonic,
    balance: toSatoshis(options.balance),
    seed,
    engine,
    dataDir,
  };
}

function planParams(network: string, findNetwork: FindNetwork): ChainParams {
  const { params } = reasonOf(['network'], () => findNetwork(network));
  if (isPublicNetwork(params)) throw bad(['network'], `${params.network} is public: its chain cannot be mined here`);
  return params;
}

/** Checks that a network can have a bitcoind. */
function checkHost(path: OptionPath, engine: EngineName, { network }: ChainParams): void {
  if (engine !== 'processes') throw bad(path, "a bitcoind is a process: give engine 'processes' too");
  if (network !== 'regtest') throw bad(path, `a bitcoind is a node of regtest only, not of ${network}`);
}

/** Returns whether a node can hold accounts: it has wallets of this package. */
export function holdsAccounts({ kind, role }: PlannedNode): boolean {
  return kind === 'pier' && role !== 'light';
}

function planNodes(given: number | readonly NodeOptions[], accounts: number): PlannedNode[] {
  const list: readonly NodeOptions[] = typeof given === 'number' ? Array.from({ length: given }, () => ({})) : given;
  const named = list.map((node, i) => planNode(node, i, accounts));
  checkNames(named);
  checkPorts(named);
  const holder = named.find(holdsAccounts);
  if (!holder) throw bad(['nodes'], 'at least one node must be a full node of Pier, which holds the accounts');
  const held = new Set<number>();
  for (const [i, node] of named.entries()) {
    for (const [k, account] of node.accounts.entries()) {
      if (held.has(account)) throw bad(['nodes', i, 'accounts', k], `account ${account} has a node already`);
      held.add(account);
    }
  }
  const left = Array.from({ length: accounts }, (_, i) => i).filter((i) => !held.has(i));
  return named.map((node) => (node === holder ? { ...node, accounts: [...node.accounts, ...left] } : node));
}

/**
 * Returns the plan of a network that has got more nodes, which hold no accounts, and links while it ran. Throws
 * `TopologyError`.
 */
export function extendPlan(
  plan: NetworkPlan,
  more: { readonly nodes: readonly NodeOptions[]; readonly links: readonly LinkOptions[] },
): NetworkPlan {
  const nodes = [...plan.nodes, ...more.nodes.map((node, i) => planNode(node, plan.nodes.length + i, 0))];
  checkNames(nodes);
  checkPorts(nodes);
  const context = {
    nodes: new Map(nodes.map((node) => [node.name, node])),
    common: plan.conditions,
    seen: new Set(plan.links.map(({ from, to }) => pairOf(from, to))),
  };
  const links = more.links.map((link, i) => planLink(link, i, context));
  const added = { nodes: plan.added.nodes + more.nodes.length, links: plan.added.links + links.length };
  return { ...plan, nodes, links: [...plan.links, ...links], added };
}

/** Checks that no name is given twice. */
function checkNames(nodes: readonly PlannedNode[]): void {
  const names = new Set<string>();
  for (const [i, { name }] of nodes.entries()) {
    if (names.has(name)) throw bad(['nodes', i, 'name'], `another node is called '${name}'`);
    names.add(name);
  }
}

/** Checks that no port is given twice. */
function checkPorts(nodes: readonly PlannedNode[]): void {
  const used = new Map<number, string>();
  for (const [i, { name, rpcPort = 0, p2pPort = 0 }] of nodes.entries()) {
    for (const [option, port] of [['rpc', rpcPort] as const, ['p2p', p2pPort] as const]) {
      if (port === 0) continue;
      const user = used.get(port);
      if (user !== undefined)
        throw bad(['nodes', i, option], `${user === name ? 'its rpc' : user} has port ${port} too`);
      used.set(port, name);
    }
  }
}

/** Returns a port, 0 for any, of an option that is true, false or a port. */
function planPort(option: boolean | number): number | undefined {
  return typeof option === 'number' ? option : option ? 0 : undefined;
}

function planNode(node: NodeOptions, i: number, accountCount: number): PlannedNode {
  const { name = `node${i + 1}`, role = 'full', kind = 'pier', path, accounts = [], rpc = false, p2p = false } = node;
  for (const [k, account] of accounts.entries()) {
    if (account < accountCount) continue;
    throw bad(['nodes', i, 'accounts', k], `there is no account ${account}: ${accountCount} are numbered from 0`);
  }
  if (role === 'light' && accounts.length > 0) throw bad(['nodes', i, 'accounts'], 'a light node holds no accounts');
  if (kind === 'bitcoind') {
    if (role === 'light') throw bad(['nodes', i, 'role'], 'a bitcoind is a full node');
    if (accounts.length > 0) throw bad(['nodes', i, 'accounts'], 'a bitcoind holds no accounts');
  } else if (path !== undefined) {
    throw bad(['nodes', i, 'path'], "only a node of kind 'bitcoind' has a path");
  }
  const [rpcPort, p2pPort] = [planPort(rpc), planPort(p2p)];
  if (role === 'light' && p2pPort !== undefined) throw bad(['nodes', i, 'p2p'], 'a light node accepts no peers');
  return { name, role, kind, path, accounts, rpcPort, p2pPort };
}

function planLinks(options: NetworkOptions, nodes: readonly PlannedNode[], random: SeededRandom): PlannedLink[] {
  const common = withConditions(options.conditions ?? {}, idealLink);
  if (options.links) {
    const context = { nodes: new Map(nodes.map((node) => [node.name, node])), common, seen: new Set<string>() };
    return options.links.map((link, i) => planLink(link, i, context));
  }
  const shape = options.shape ?? (nodes.length <= MAX_MESH ? 'mesh' : 'random');
  const pairs = shapeLinks(shape, nodes.length, random).map(([from, to]) => [nodes[from]!, nodes[to]!] as const);
  // In a mesh, two light nodes reach each other over the full ones.
  const possible = shape === 'mesh' ? pairs.filter((pair) => pair.some(({ role }) => role !== 'light')) : pairs;
  return possible.map(([from, to]) => directed([from, to], ['shape'], common));
}

interface LinkContext {
  readonly nodes: ReadonlyMap<string, PlannedNode>;
  readonly common: LinkConditions;
  /** Pairs of names that are linked. */
  readonly seen: Set<string>;
}

function planLink(
  { between, ...conditions }: LinkOptions,
  i: number,
  { nodes, common, seen }: LinkContext,
): PlannedLink {
  const path = ['links', i, 'between'];
  const [from, to] = between.map((name, k) => {
    const node = nodes.get(name);
    if (node) return node;
    throw bad([...path, k], `no node is called '${name}'; there are ${listed([...nodes.keys()])}`);
  }) as [PlannedNode, PlannedNode];
  if (from === to) throw bad(path, `'${from.name}' cannot be linked to itself`);
  const pair = pairOf(from.name, to.name);
  if (seen.has(pair)) throw bad(path, `${from.name} and ${to.name} are linked already`);
  seen.add(pair);
  return directed([from, to], path, { ...common, ...withoutUndefined(conditions) });
}

/** Returns a key of a link between two nodes, the same in both directions. */
function pairOf(a: string, b: string): string {
  return [a, b].sort().join(' ');
}

/** Returns a link that a full node accepts: light nodes do not listen. */
function directed(
  [a, b]: readonly [PlannedNode, PlannedNode],
  path: OptionPath,
  conditions: LinkConditions,
): PlannedLink {
  if (a.role === 'light' && b.role === 'light') {
    throw bad(path, `${a.name} and ${b.name} are light nodes, which do not accept connections`);
  }
  const [from, to] = b.role === 'light' ? [b, a] : [a, b];
  return { from: from.name, to: to.name, conditions };
}

/** Returns link conditions with those of `base` for what is absent. */
export function withConditions(given: ConditionsOptions, base: LinkConditions): LinkConditions {
  return { ...base, ...withoutUndefined(given) };
}

/** A copy without the members that are undefined. */
type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;
}

/** Returns the result of a check of an option. Throws its `PierError` as 'bad-topology'. */
function reasonOf<T>(path: OptionPath, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof PierError)) throw error;
    const { message: reason, hint } = error;
    throw new TopologyError([{ path, reason }], { cause: error, ...(hint === undefined ? {} : { hint }) });
  }
}

function bad(path: OptionPath, reason: string): TopologyError {
  return new TopologyError([{ path, reason }]);
}
