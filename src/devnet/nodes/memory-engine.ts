import { encodeSnapshotDump } from '../../mempool/dump.ts';
import { RunningFullNode } from '../../node/composition/running-full-node.ts';
import type { Endpoint } from '../../p2p/net/endpoint.ts';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { systemRandom } from '../../platform/random.ts';
import { SignatureCache } from '../../script/signature-cache.ts';
import type { LinkConditions } from '../../testing/link-conditions.ts';
import { MemoryNetwork } from '../../testing/memory-transport.ts';
import type { SeededRandom } from '../../testing/seeded-random.ts';
import { MEMORY_PORT } from '../topology/memory-config.ts';
import type { NetworkPlan, PlannedNode } from '../topology/network-plan.ts';
import type { Engine, PortableNode } from './engine.ts';
import { addedState, firstState } from './first-state.ts';
import { InProcessNode, type NodeContents } from './in-process-node.ts';
import { memoryLogger } from './memory-logger.ts';
import type { NodeBackend, NodeStatus } from './node-backend.ts';
import { NodeLog } from './node-log.ts';
import type { NodePorts } from './node-ports.ts';
import { WithdrawnBlocks } from './withdrawn-blocks.ts';

/** What `MemoryEngine.create` needs. */
export interface MemoryEngineModules {
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** Absent in a browser. */
  readonly ports?: NodePorts | undefined;
  /** Returns how the link between two nodes carries bytes now; undefined if there is none, or it is cut. */
  conditions(from: string, to: string): LinkConditions | undefined;
  /** What the nodes begin with; undefined for funded accounts. */
  readonly saved?: readonly PortableNode[] | undefined;
}

/** What a node of a `MemoryEngine` had, and whether it ran. */
interface CapturedNode {
  readonly contents: NodeContents;
  readonly status: NodeStatus;
}

/** Creates a node of a plan, by its index, with what it has. */
type CreateNode = (node: PlannedNode, index: number, contents: NodeContents) => InProcessNode;

/** Runs all nodes in this process, with stores and links in memory. */
export class MemoryEngine implements Engine<readonly CapturedNode[]> {
  readonly nodes: InProcessNode[] = [];
  readonly #links: MemoryNetwork;
  /** Undefined if no node has a port for other programs. */
  readonly #withdrawn: WithdrawnBlocks | undefined;
  readonly #first: () => Promise<readonly PortableNode[]>;
  readonly #create: CreateNode;

  private constructor({
    links,
    withdrawn,
    first,
    create,
  }: {
    readonly links: MemoryNetwork;
    readonly withdrawn: WithdrawnBlocks | undefined;
    readonly first: () => Promise<readonly PortableNode[]>;
    readonly create: CreateNode;
  }) {
    this.#links = links;
    this.#withdrawn = withdrawn;
    this.#first = first;
    this.#create = create;
  }

  /** Creates the nodes of a plan, with funded accounts or a saved state, and starts them; they are not connected yet. */
  static async create(plan: NetworkPlan, modules: MemoryEngineModules): Promise<MemoryEngine> {
    const { clock, random, ports, saved } = modules;
    /** By the addresses of the nodes. */
    const names = new Map<string, string>();
    const links = new MemoryNetwork(clock, {
      random,
      conditions: (from, to) => modules.conditions(names.get(from.host)!, names.get(to.host)!),
    });
    const isOpen = plan.nodes.some(({ p2pPort }) => p2pPort !== undefined);
    const withdrawn = isOpen ? new WithdrawnBlocks() : undefined;
    const first = async () => saved ?? firstState(plan);
    const contents = await first();
    const signatures = new SignatureCache();
    const create: CreateNode = ({ name, role, rpcPort, p2pPort }, i, given) => {
      const [log, host] = [new NodeLog(), hostOf(i)];
      names.set(host, name);
      return new InProcessNode({
        ...{ name, role, host, params: plan.params, links, ports, rpcPort, p2pPort, withdrawn },
        contents: forkContents(given),
        log,
        modules: { clock, random: systemRandom, logger: memoryLogger(log), signatures },
        isLinked: (endpoint) => endpoint.port === MEMORY_PORT && names.has(endpoint.host),
      });
    };
    const engine = new MemoryEngine({ links, withdrawn, first, create });
    for (const [i, node] of plan.nodes.entries()) engine.nodes.push(create(node, i, contents[i]!.contents));
    try {
      for (const [i, node] of engine.nodes.entries()) {
        const { status } = contents[i]!;
        if (status !== 'stopped') await node.start();
        if (status === 'paused') await node.pause();
      }
      return engine;
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  async addNode({ nodes }: NetworkPlan, joined: (node: NodeBackend) => void): Promise<void> {
    const node = this.#create(nodes.at(-1)!, this.nodes.length, addedState().contents);
    try {
      await node.start();
      joined(node);
    } catch (error) {
      await node.close();
      throw error;
    }
    this.nodes.push(node);
  }

  async connect(from: string, to: string): Promise<void> {
    const [a, b] = [from, to].map((name) => this.nodes.find((node) => node.name === name)!) as [
      InProcessNode,
      InProcessNode,
    ];
    await a.connect(b.endpoint);
  }

  /** All nodes read the network's own clock. */
  peerName(_node: string, { host }: Endpoint): string | undefined {
    return this.nodes.find(({ endpoint }) => endpoint.host === host)?.name;
  }

  clockChanged(): void {}

  async closeCut(): Promise<void> {
    this.#links.closeCut();
    // Nodes learn of it in the next turn of the event loop.
    await new Promise<void>((resolve) => systemClock.after(0, resolve));
  }

  /** It has no files. */
  keep(): void {}

  first(): Promise<readonly CapturedNode[]> {
    return this.#first();
  }

  async capture(): Promise<readonly CapturedNode[]> {
    // A block that is connected between two flushes would be in one node's memory alone.
    for (;;) {
      const before = this.#tips();
      await Promise.all(this.nodes.map((node) => node.flush()));
      if (this.#tips() === before) break;
    }
    return this.nodes.map((node) => ({ contents: node.contents(), status: node.status }));
  }

  export(state: readonly CapturedNode[]): readonly PortableNode[] {
    return state.map(({ contents: { chain, wallet, mempool }, status }) => {
      const dump = mempool === undefined || mempool instanceof Uint8Array ? mempool : encodeSnapshotDump(mempool);
      return { contents: { chain, wallet, mempool: dump }, status };
    });
  }

  import(nodes: readonly PortableNode[]): readonly CapturedNode[] {
    return nodes;
  }

  #tips(): string {
    return this.nodes.map(({ node }) => node?.chain.tip.hashHex).join();
  }

  async restore(state: readonly CapturedNode[]): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.disconnect()));
    this.#withdraw();
    for (const [i, node] of [...this.nodes].entries()) {
      const { contents, status } = state[i] ?? addedState();
      await node.reset(forkContents(contents), status);
    }
  }

  /** Lets no peer outside bring the blocks of now back. */
  #withdraw(): void {
    if (!this.#withdrawn) return;
    for (const { node } of this.nodes) {
      if (node instanceof RunningFullNode) for (const tip of node.chain.tips()) this.#withdrawn.add(tip);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.close()));
  }
}

/** Returns the address of the node with an index: of loopback, so that no node delays requests for transactions. */
function hostOf(i: number): string {
  return `127.0.${i >> 8}.${i & 255}`;
}

function forkContents({ chain, wallet, mempool }: NodeContents): NodeContents {
  return { chain: chain.fork(), wallet: wallet.fork(), mempool };
}
