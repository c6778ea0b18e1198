import { availableParallelism } from 'node:os';
import { RPC_PORT_OFFSET } from '../../../node/config.ts';
import type { Endpoint } from '../../../p2p/net/endpoint.ts';
import type { LinkConditions } from '../../../testing/link-conditions.ts';
import type { NetworkClock } from '../../../testing/network-clock.ts';
import type { SeededRandom } from '../../../testing/seeded-random.ts';
import { findPrograms } from '../../processes/bitcoind-program.ts';
import { LinkRelay } from '../../processes/link-relay.ts';
import { freeNodeIds, isPortFree, untilFree } from '../../processes/ports.ts';
import type { NetworkPlan, PlannedLink, PlannedNode } from '../../topology/network-plan.ts';
import type { Engine, PortableNode } from '../engine.ts';
import { addedState, firstState } from '../first-state.ts';
import type { NodeBackend, NodeStatus } from '../node-backend.ts';
import { WithdrawnBlocks } from '../withdrawn-blocks.ts';
import { BitcoindNode } from './bitcoind-node.ts';
import type { NetworkFolder } from './network-folder.ts';
import { lastTips, type ProcessBackend } from './process-backend.ts';
import { type ExtraOptions, ProcessNode } from './process-node.ts';

/** What `ProcessEngine.create` needs. */
export interface ProcessEngineModules {
  readonly clock: NetworkClock;
  readonly random: SeededRandom;
  /** Returns how the link between two nodes carries bytes now; undefined if there is none, or it is cut. */
  conditions(from: string, to: string): LinkConditions | undefined;
  /** What the nodes begin with; undefined for funded accounts, and for the files in the folder. */
  readonly saved?: readonly PortableNode[] | undefined;
  /** Where the files are, or have been since the network was created. */
  readonly folder: NetworkFolder;
  /** Given if the nodes get their files and are started afterwards, one by one. */
  readonly prepared?: PreparedNodes | undefined;
}

/** How nodes run whose files are made by others. */
export interface PreparedNodes {
  /** Their ports, in the order of the plan. */
  readonly nodeIds: readonly number[];
  /** Returns what a node's process is started with besides, by its name and port. */
  extra(name: string, nodeId: number): ExtraOptions;
}

/** What nodes and links are created with, whenever they are. */
interface EngineParts {
  readonly plan: NetworkPlan;
  readonly modules: ProcessEngineModules;
  readonly nodeIds: readonly number[];
  readonly first: () => Promise<readonly PortableNode[]>;
}

/** Runs each node in a process of its own, and relays the connections between them. */
export class ProcessEngine implements Engine<readonly PortableNode[]> {
  readonly nodes: ProcessBackend[] = [];
  /** By the names of their ends. */
  readonly #relays = new Map<string, LinkRelay>();
  readonly #plan: NetworkPlan;
  readonly #modules: ProcessEngineModules;
  readonly #folder: NetworkFolder;
  readonly #nodeIds: number[];
  readonly #first: EngineParts['first'];
  readonly #withdrawn = new WithdrawnBlocks();
  #timeSet: Promise<unknown> = Promise.resolve();

  private constructor({ plan, modules, nodeIds, first }: EngineParts) {
    this.#plan = plan;
    this.#modules = modules;
    this.#folder = modules.folder;
    this.#nodeIds = [...nodeIds];
    this.#first = first;
  }

  /** Creates the nodes of a plan, with funded accounts or a saved state, and starts them; they are not connected yet. */
  static async create(plan: NetworkPlan, modules: ProcessEngineModules): Promise<ProcessEngine> {
    const { saved, folder, prepared } = modules;
    const programs = await findPrograms(plan.nodes);
    const first = async () => saved ?? firstState(plan);
    const { kept } = folder;
    const contents = kept || prepared ? undefined : await first();
    const nodeIds = prepared?.nodeIds ?? (await chooseNodeIds(plan, folder));
    const engine = new ProcessEngine({ plan, modules, nodeIds, first });
    const { nodes } = engine;
    for (const [i, node] of plan.nodes.entries()) nodes.push(engine.#create(node, nodeIds[i]!, programs[i]));
    try {
      if (kept) folder.keep(nodeIds, kept.state);
      else await folder.create(nodes.map(({ name }) => name));
      await inParallel(prepared ? [] : nodes, async (node, i) => {
        if (contents) await node.write(contents[i]!.contents);
        await startAs(node, contents?.[i]?.status);
      });
      for (const link of plan.links) engine.#relays.set(keyOf(link), await engine.#listen(link, nodes));
      return engine;
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  #create({ name, role, rpcPort }: PlannedNode, nodeId: number, program?: string): ProcessBackend {
    const { clock, prepared } = this.#modules;
    const { params, network } = this.#plan;
    const folder = this.#folder;
    const common = {
      ...{ name, role, clock, isTemporary: folder.isTemporary, nodeId },
      ...{ dataDir: folder.of(name), log: folder.log(name, nodeId) },
      rpcPort: rpcPort || nodeId + RPC_PORT_OFFSET,
      timeSet: async () => void (await this.#timeSet),
    };
    if (program !== undefined) return new BitcoindNode({ ...common, program });
    const withdrawn = () => this.#withdrawn.hashes;
    const extra = prepared && (() => prepared.extra(name, nodeId));
    return new ProcessNode({ ...common, params, network, withdrawn, extra });
  }

  /** Opens the relay of a link between two of some nodes. */
  #listen({ from, to }: PlannedLink, nodes: readonly ProcessBackend[]): Promise<LinkRelay> {
    const { clock, random, conditions } = this.#modules;
    const target = nodes.find(({ name }) => name === to)!;
    return LinkRelay.listen({
      clock,
      target: () => target.endpoint,
      conditions: () => conditions(from, to),
      random: () => random.uint32() / 2 ** 32,
      opened: (port) => target.linkOpened(port),
      closed: (port) => target.linkClosed(port),
    });
  }

  async addNode({ nodes, links }: NetworkPlan, joined: (node: NodeBackend) => void): Promise<void> {
    const nodeId = await this.#freeNodeId();
    const planned = nodes.at(-1)!;
    await this.#folder.add(planned.name);
    const node = this.#create(planned, nodeId);
    const relays = new Map<string, LinkRelay>();
    try {
      const own = links.filter(({ from, to }) => from === node.name || to === node.name);
      for (const link of own) relays.set(keyOf(link), await this.#listen(link, [...this.nodes, node]));
      await node.start();
      joined(node);
    } catch (error) {
      await Promise.all([...relays.values()].map((relay) => relay.close()));
      await node.close();
      await node.log.close();
      await this.#folder.remove(node.name, nodeId);
      throw error;
    }
    this.nodes.push(node);
    this.#nodeIds.push(nodeId);
    for (const [key, relay] of relays) this.#relays.set(key, relay);
    // The time may have been set while it started.
    this.clockChanged();
  }

  /** Returns a port for one more node: not that of one which is stopped. */
  async #freeNodeId(): Promise<number> {
    const rpcPorts = this.#plan.nodes.map(({ rpcPort }) => rpcPort);
    const taken = new Set([...this.#nodeIds.flatMap((id) => [id, id + RPC_PORT_OFFSET]), ...rpcPorts]);
    for (;;) {
      const [nodeId] = await freeNodeIds(1);
      if (!taken.has(nodeId) && !taken.has(nodeId! + RPC_PORT_OFFSET)) return nodeId!;
    }
  }

  async connect(from: string, to: string): Promise<void> {
    const node = this.nodes.find(({ name }) => name === from)!;
    const { endpoint } = this.#relays.get(`${from} ${to}`)!;
    await node.linkOpened(endpoint.port);
    await node.connect(endpoint);
  }

  peerName(node: string, { port }: Endpoint): string | undefined {
    for (const [ends, relay] of this.#relays) {
      const [from, to] = ends.split(' ') as [string, string];
      if (node === from && relay.endpoint.port === port) return to;
      if (node === to && relay.hasOutgoing(port)) return from;
    }
    return undefined;
  }

  clockChanged(): void {
    this.#timeSet = Promise.all(this.nodes.map((node) => node.clockChanged()));
  }

  async closeCut(): Promise<void> {
    for (const relay of this.#relays.values()) relay.closeCut();
  }

  keep(state: unknown): void {
    this.#folder.keep(this.#nodeIds, state);
  }

  first(): Promise<readonly PortableNode[]> {
    return this.#first();
  }

  capture(): Promise<readonly PortableNode[]> {
    return inParallel(this.nodes, async (node) => {
      const { status } = node;
      return { contents: await node.contents(), status };
    });
  }

  export(state: readonly PortableNode[]): readonly PortableNode[] {
    return state;
  }

  import(nodes: readonly PortableNode[]): readonly PortableNode[] {
    return nodes;
  }

  async restore(state: readonly PortableNode[]): Promise<void> {
    // A node that is added meanwhile is not connected yet, and has no blocks.
    const nodes = [...this.nodes];
    // One after the other: most blocks of the first are those of all.
    for (const node of nodes) for (const tip of await lastTips(node)) this.#withdrawn.add(tip);
    // All before any starts, so that none tells another of later blocks.
    await Promise.all(nodes.map((node) => node.close()));
    await inParallel(nodes, async (node, i) => {
      const { contents, status } = state[i] ?? addedState();
      await node.write(contents);
      await startAs(node, status);
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#relays.values()].map((relay) => relay.close()));
    // Files that stay are left in order.
    await Promise.all(this.nodes.map((node) => (this.#folder.isTemporary ? node.close() : node.stop())));
    await Promise.all(this.nodes.map(({ log }) => log.close()));
    // The next scenario on these files has nodes of its own.
    for (const [i, { name }] of this.#modules.prepared ? this.nodes.entries() : []) {
      if (i >= this.#plan.nodes.length) await this.#folder.remove(name, this.#nodeIds[i]!);
    }
    await this.#folder.release();
  }
}

/**
 * Returns the ports of the nodes: those that the plan asks for, or else those of the last process that had the folder, if
 * they are free, or any. Names the nodes' files after them.
 */
async function chooseNodeIds(plan: NetworkPlan, folder: NetworkFolder): Promise<number[]> {
  const kept = folder.kept?.nodeIds ?? [];
  // Nodes of a process that was killed still end.
  await Promise.all(kept.flatMap((id) => [id, id + RPC_PORT_OFFSET]).map((port) => untilFree(port)));
  const free = await freeNodeIds(plan.nodes.length);
  const nodeIds: number[] = [];
  for (const [i, { name, p2pPort }] of plan.nodes.entries()) {
    const old = kept[i];
    const isFree = old !== undefined && (await isPortFree(old)) && (await isPortFree(old + RPC_PORT_OFFSET));
    const nodeId = p2pPort || (isFree ? old : free[i]!);
    if (folder.kept) await folder.rename(name, nodeId);
    nodeIds.push(nodeId);
  }
  return nodeIds;
}

/** Returns the key of a link's relay: the names of its ends. */
function keyOf({ from, to }: PlannedLink): string {
  return `${from} ${to}`;
}

/** Starts a node that is to have a status. */
async function startAs(node: ProcessBackend, status: NodeStatus = 'running'): Promise<void> {
  if (status === 'stopped') return;
  await node.start();
  if (status === 'paused') await node.pause();
}

/** Runs `action` for each item, as many at a time as help. */
async function inParallel<T, R>(items: readonly T[], action: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const errors: unknown[] = [];
  let next = 0;
  const run = async () => {
    while (next < items.length && errors.length === 0) {
      const index = next++;
      try {
        results[index] = await action(items[index]!, index);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() + 2 }, run));
  if (errors.length > 0) throw errors[0];
  return results;
}
