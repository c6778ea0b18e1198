import { PierError } from '../../platform/errors.ts';
import { NetworkClock } from '../../testing/network-clock.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';
import type { Engine } from '../nodes/engine.ts';
import type { MemoryEngineModules } from '../nodes/memory-engine.ts';
import type { NetworkOptions } from '../topology/network-options.ts';
import {
  extendPlan,
  type FindNetwork,
  type NetworkPlan,
  type PlannedLink,
  planNetwork,
} from '../topology/network-plan.ts';
import { listFaults } from '../topology/topology-error.ts';
import { NetworkMembers } from './members/network-members.ts';
import { NetworkLink } from './network-link.ts';
import { NodeNetwork } from './node-network.ts';
import {
  loadState,
  type NetworkHead,
  type NetworkState,
  type SavedTopology,
  type StateFiles,
  topologyDifferences,
  topologyOf,
} from './state/network-state.ts';
import { openWallets, type WalletSeeds } from './state/network-wallets.ts';

/** A network that `NodeNetwork.save` or `saveState` has written. */
export interface SavedNetworkOptions extends Pick<NetworkOptions, 'engine' | 'dataDir'> {
  /** Path of the file, or the bytes. */
  readonly state: string | Uint8Array;
}

/** When a network closes by itself. */
export interface CloseOptions {
  /** Closes the network when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `createNetwork`. */
export type CreateOptions = (NetworkOptions | SavedNetworkOptions) & CloseOptions;

/** What networks run on: this machine, or a web page. */
export interface NetworkHost {
  readonly findNetwork: FindNetwork;
  /** Where states are saved; undefined if there are no files. */
  readonly files: StateFiles | undefined;
  /** Returns the folder of a network whose files stay; undefined in a browser. Throws `PierError`. */
  openFolder?(plan: NetworkPlan): Promise<NodeFolder | undefined>;
  /** Creates the nodes of a plan and starts them; they are not connected yet. Throws `PierError`. */
  createEngine(plan: NetworkPlan, modules: EngineModules): Promise<Engine>;
}

/** A folder of a network's nodes. */
export interface NodeFolder {
  readonly path: string;
  /** What `Engine.keep` was last given; undefined if it holds no network. */
  readonly kept: { readonly state: unknown } | undefined;
  /** Lets another process open it. Removes it if it is temporary. */
  release(): Promise<void>;
}

/** What an engine is created with. */
export interface EngineModules extends MemoryEngineModules {
  readonly clock: NetworkClock;
  readonly folder: NodeFolder | undefined;
}

/** Creates a network on a host; see `createNetwork`. */
export async function openNetwork(given: CreateOptions, host: NetworkHost): Promise<NodeNetwork> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new PierError('bad-topology', 'the options of a network are an object', {
      hint: 'Such as createNetwork({ nodes: 3 }).',
    });
  }
  const { signal, ...options } = given;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new PierError('bad-topology', 'signal: it is not an AbortSignal');
  }
  if (!('state' in options) || options.state === undefined) {
    return createPlanned(planNetwork(options, host.findNetwork), { host, signal });
  }
  const { state, engine, dataDir, ...others } = options;
  const [other] = Object.keys(others);
  if (other !== undefined) {
    throw new PierError('bad-topology', `${other}: a saved network has options of its own`, {
      hint: 'With state, give at most engine and dataDir.',
    });
  }
  if (typeof state !== 'string' && !(state instanceof Uint8Array)) {
    throw new PierError('bad-topology', 'state: it is neither the path of a file nor bytes');
  }
  const saved = await loadState(state, host.files);
  return openSaved({ ...saved.topology, engine, dataDir }, saved, host, signal);
}

/** Creates a network with a saved state, whose nodes, links and accounts the options describe too. */
export async function openSaved(
  options: NetworkOptions,
  saved: NetworkState,
  host: NetworkHost,
  signal?: AbortSignal,
): Promise<NodeNetwork> {
  return createPlanned(planNetwork(options, host.findNetwork), { host, signal, saved });
}

/** What a planned network is created with. */
export interface PlannedModules {
  readonly host: NetworkHost;
  readonly signal?: AbortSignal | undefined;
  readonly saved?: NetworkState;
  /** Its wallets, unless the state has them or the plan's mnemonic gives them. */
  readonly seeds?: WalletSeeds;
}

/** Creates a network from a plan; see `createNetwork`. */
export async function createPlanned(
  described: NetworkPlan,
  { host, signal, saved, seeds }: PlannedModules,
): Promise<NodeNetwork> {
  signal?.throwIfAborted();
  const folder = await host.openFolder?.(described);
  const kept = folder?.kept && keptState(described, folder, saved !== undefined);
  const plan = kept ? keptPlan(described, kept) : described;
  const clock = new NetworkClock();
  if (saved) clock.restore(saved.time, saved.clock.frozen !== undefined);
  if (kept) clock.state = kept.clock;
  const random = new SeededRandom(plan.seed);
  let network: NodeNetwork | undefined;
  const createLink = (link: PlannedLink) =>
    new NetworkLink(link, link.conditions, {
      checkOpen: () => network!.checkOpen(),
      cut: () => engine.closeCut(),
      mended: (mended) => network!.linkMended(mended),
    });
  const members = new NetworkMembers();
  const { links } = members;
  links.push(...plan.links.map(createLink));
  const begin = saved ?? kept;
  for (const [i, { isCut, conditions }] of begin?.links.entries() ?? []) links[i]!.restore(isCut, conditions);
  const conditions = (from: string, to: string) => {
    const link = links.find((each) => each.isBetween(from, to));
    return link && !link.isCut ? link.conditions : undefined;
  };
  const creating = host.createEngine(plan, {
    ...{ clock, random, conditions, folder },
    saved: saved?.nodes,
  });
  const engine = await creating.catch(async (error: unknown) => {
    await folder?.release();
    throw error;
  });
  try {
    signal?.throwIfAborted();
    const wallets = await openWallets(plan, begin?.wallets ?? seeds);
    network = new NodeNetwork({ plan, engine, clock, random, members, createLink, wallets, files: host.files, saved });
    if (signal) network.closeOn(signal);
    network.fees.restore(begin?.fees);
    await network.connected();
    signal?.throwIfAborted();
    network.mining = begin?.mining ?? 'manual';
    network.keep();
    return network;
  } catch (error) {
    await network?.close();
    await engine.close();
    signal?.throwIfAborted();
    throw error;
  }
}

/** Returns what a folder keeps of a network. Throws `PierError` 'datadir-in-use' if it is another one than planned. */
function keptState(plan: NetworkPlan, { path, kept }: NodeFolder, hasState: boolean): NetworkHead {
  const head = kept!.state as NetworkHead;
  const given = topologyOf(plan);
  const differences = topologyDifferences(given, head.topology);
  const isGrown = topologyDifferences(given, withoutAdded(head)).length === 0;
  const reason = hasState
    ? 'holds a network, which a state would replace'
    : differences.length > 0 && !isGrown && `holds another network:\n${listFaults(differences)}`;
  if (reason === false) return head;
  throw new PierError('datadir-in-use', `${path} ${reason}`, {
    hint: 'Choose another data directory, or remove this one.',
  });
}

/** Returns the topology of a kept network as it was created, without the nodes and links that were added later. */
function withoutAdded({ topology, added }: NetworkHead): SavedTopology {
  if (!added) return topology;
  const { nodes, links = [] } = topology;
  return {
    ...topology,
    nodes: nodes.slice(0, -added.nodes || undefined),
    links: links.slice(0, -added.links || undefined),
  };
}

/** Returns the plan of a kept network, with the nodes that were added to it, whether it describes them or not. */
function keptPlan(plan: NetworkPlan, head: NetworkHead): NetworkPlan {
  const { topology, added } = head;
  if (!added) return plan;
  if (plan.nodes.length === topology.nodes.length) return { ...plan, added };
  const { nodes, links } = withoutAdded(head);
  return extendPlan(plan, { nodes: topology.nodes.slice(nodes.length), links: topology.links!.slice(links!.length) });
}
