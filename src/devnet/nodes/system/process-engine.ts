import { availableParallelism } from 'node:os';
import { RPC_PORT_OFFSET } from '../../../node/config.ts';
import type { Endpoint } from '../../../p2p/net/endpoint.ts';
import type { LinkConditions } from '../../../testing/link-conditions.ts';
import type { NetworkClock } from '../../../testing/network-clock.ts';
import type { SeededRandom } from '../../../testing/seeded-random.ts';
import { findPrograms } from '../../processes/bitcoind-program.ts';
import { LinkRelay } from '../../processes/link-relay.ts';
import { freeNodeIds, isPortFree, untilFree } from '../../processes/ports.ts';
import type { NetworkPlan } from '../../topology/network-plan.ts';
import type { Engine, PortableNode } from '../engine.ts';
import { firstState } from '../first-state.ts';
import type { NodeStatus } from '../node-backend.ts';
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
  /** Returns what a node's process is started with besides. */
  extra(name: string): ExtraOptions;
}

interface EngineParts {
  /** By the names of their ends. */
  readonly relays: ReadonlyMap<string, LinkRelay>;
  readonly folder: NetworkFolder;
  readonly nodeIds: readonly number[];
  readonly first: () => Promise<readonly PortableNode[]>;
}

/** Runs each node in a process of its own, and relays the connections between them. */
export class ProcessEngine implements Engine<readonly PortableNode[]> {
  readonly nodes: readonly ProcessBackend[];
  readonly #relays: EngineParts['relays'];
  readonly #folder: NetworkFolder;
  readonly #nodeIds: readonly number[];
  readonly #first: EngineParts['first'];
  readonly #withdrawn = new WithdrawnBlocks();
  #timeSet: Promise<unknown> = Promise.resolve();

  private constructor(nodes: readonly ProcessBackend[], { relays, folder, nodeIds, first }: EngineParts) {
    this.nodes = nodes;
    this.#relays = relays;
    this.#folder = folder;
    this.#nodeIds = nodeIds;
    this.#first = first;
  }

  /** Creates the nodes of a plan, with funded accounts or a saved state, and starts them; they are not connected yet. */
  static async create(plan: NetworkPlan, modules: ProcessEngineModules): Promise<ProcessEngine> {
    const { clock, random, conditions, saved, folder, prepared } = modules;
    const programs = await findPrograms(plan.nodes);
    const first = async () => saved ?? firstState(plan);
    const { kept } = folder;
    const contents = kept || prepared ? undefined : await first();
    const relays = new Map<string, LinkRelay>();
    const nodeIds = prepared?.nodeIds ?? (await chooseNodeIds(plan, folder));
    const nodes = plan.nodes.map(({ name, role, rpcPort }, i) => {
      const program = programs[i];
      const [dataDir, nodeId] = [folder.of(name), nodeIds[i]!];
      const common = {
        ...{ name, role, clock, isTemporary: folder.isTemporary, nodeId, dataDir, log: folder.log(name, nodeId) },
        rpcPort: rpcPort || nodeId + RPC_PORT_OFFSET,
        timeSet: async () => void (await engine.#timeSet),
      };
      if (program !== undefined) return new BitcoindNode({ ...common, program });
      const withdrawn = () => engine.#withdrawn.hashes;
      const extra = prepared && (() => prepared.extra(name));
      return new ProcessNode({ ...common, params: plan.params, network: plan.network, withdrawn, extra });
    });
    const engine = new ProcessEngine(nodes, { relays, folder, nodeIds, first });
    try {
      if (kept) folder.keep(nodeIds, kept.state);
      else await folder.create(nodes.map(({ name }) => name));
      await inParallel(prepared ? [] : nodes, async (node, i) => {
        if (contents) await node.write(contents[i]!.contents);
        await startAs(node, contents?.[i]?.status);
      });
      for (const { from, to } of plan.links) {
        const target = nodes.find(({ name }) => name === to)!;
        const relay = await LinkRelay.listen({
          clock,
          target: () => target.endpoint,
          conditions: () => conditions(from, to),
          random: () => random.uint32() / 2 ** 32,
          opened: (port) => target.linkOpened(port),
          closed: (port) => target.linkClosed(port),
        });
        relays.set(`${from} ${to}`, relay);
      }
      return engine;
    } catch (error) {
      await engine.close();
      throw error;
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
    // One after the other: most blocks of the first are those of all.
    for (const node of this.nodes) for (const tip of await lastTips(node)) this.#withdrawn.add(tip);
    // All before any starts, so that none tells another of later blocks.
    await Promise.all(this.nodes.map((node) => node.close()));
    await inParallel(this.nodes, async (node, i) => {
      const { contents, status } = state[i]!;
      await node.write(contents);
      await startAs(node, status);
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#relays.values()].map((relay) => relay.close()));
    // Files that stay are left in order.
    await Promise.all(this.nodes.map((node) => (this.#folder.isTemporary ? node.close() : node.stop())));
    await Promise.all(this.nodes.map(({ log }) => log.close()));
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
