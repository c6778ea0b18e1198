import { afterEach } from 'vitest';
import { Chain } from '../../../src/chain/chain.ts';
import { regtest } from '../../../src/consensus/params.ts';
import { Mempool } from '../../../src/mempool/mempool.ts';
import type { ConnectionManager } from '../../../src/p2p/connections/connection-manager.ts';
import type { Endpoint } from '../../../src/p2p/net/endpoint.ts';
import type { Peer } from '../../../src/p2p/peer/peer.ts';
import type { Connection, Transport } from '../../../src/p2p/transport/connection.ts';
import { PierError } from '../../../src/platform/errors.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import type { Block } from '../../../src/primitives/block.ts';
import { MemoryStore } from '../../../src/store/memory-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { MemoryNetwork, type MemoryNetworkOptions } from '../../../src/testing/memory-transport.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { type BlockPlan, mineBlock } from '../../chain/support/builder.ts';
import { type FullNodeConnectionsOptions, fullNodeConnections } from '../../support/full-node-connections.ts';

/** Fifteen years after regtest's genesis, so that a node with genesis only is in initial block download. */
export const START_MS = 1_770_000_000_000;

/** Runs all pending callbacks that do not wait for the clock. */
export function flush(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A full node under test. */
export interface TestNode {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly connections: ConnectionManager;
  /** Disconnect reasons, in order. */
  readonly disconnects: string[];
  /** Commands received, in order. */
  readonly received: string[];
  stop(): Promise<void>;
}

/** Options of a `TestNetwork`. */
export interface TestNetworkOptions extends MemoryNetworkOptions {
  /** Whether the caller stops the network; otherwise it is stopped after the test. */
  readonly lasting?: boolean;
  /** Whether the node at one port can connect to the node at another port; default: always. */
  readonly isReachable?: (fromPort: number, toPort: number) => boolean;
}

/** Nodes in this process that share a virtual clock. */
export class TestNetwork {
  readonly clock = new VirtualClock(START_MS);
  readonly network: MemoryNetwork;
  readonly nodes: TestNode[] = [];
  readonly #isReachable: (fromPort: number, toPort: number) => boolean;
  #nextPort = 3000;

  constructor({ lasting = false, isReachable = () => true, ...options }: TestNetworkOptions = {}) {
    this.#isReachable = isReachable;
    this.network = new MemoryNetwork(this.clock, options);
    if (!lasting) afterEach(() => this.stop());
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.splice(0).map((node) => node.stop()));
  }

  /** Starts a node that listens and stays connected to `seeds`. */
  async start(
    options: Omit<FullNodeConnectionsOptions, 'listen' | 'addNodes'> & {
      seeds?: TestNode[];
      minimumChainWork?: bigint;
      store?: Store;
      port?: number;
      blockFilterIndex?: boolean;
    } = {},
  ): Promise<TestNode> {
    const { seeds = [], minimumChainWork = 0n, store = new MemoryStore(), port = this.#nextPort++ } = options;
    const { blockFilterIndex = false, ...rest } = options;
    const modules = { clock: this.clock, logger: silentLogger };
    const params = { ...regtest, minimumChainWork };
    const chain = await Chain.open({ params, blockFilterIndex }, { ...modules, store });
    const mempool = new Mempool({ requireStandard: false }, { ...modules, chain });
    const { connections: peers } = fullNodeConnections(
      { listen: [{ host: '127.0.0.1', port }], addNodes: seeds.map(({ endpoint }) => endpoint), ...rest },
      { ...modules, chain, mempool, store, transport: this.#transport(port), random: new SeededRandom(port) },
    );
    const disconnects: string[] = [];
    const received: string[] = [];
    peers.events.on('disconnected', ({ reason }) => disconnects.push(reason));
    peers.events.on('message', ({ command, direction }) => direction === 'received' && received.push(command));
    const stop = async () => {
      await peers.stop();
      mempool.close();
      await chain.close();
    };
    const endpoint = { host: '127.0.0.1', port };
    const node = { name: `node ${port}`, endpoint, chain, mempool, connections: peers, disconnects, received, stop };
    this.nodes.push(node);
    await peers.start();
    return node;
  }

  #transport(port: number): Transport {
    const transport = this.network.transport();
    return {
      listen: (...args) => transport.listen(...args),
      connect: async (endpoint, signal) => {
        if (!this.#isReachable(port, endpoint.port)) throw new PierError('connect-failed', 'unreachable');
        return transport.connect(endpoint, signal);
      },
    };
  }

  /** Lets `ms` milliseconds pass, `step` at a time. */
  async advance(ms: number, step = 10): Promise<void> {
    for (let passed = 0; passed < ms; passed += step) {
      this.clock.advance(step);
      await flush();
    }
  }

  /** Lets time pass until `condition` holds, for at most `maxMs` milliseconds. */
  async until(condition: () => boolean, maxMs = 30_000, step = 10): Promise<void> {
    for (let passed = 0; !condition(); passed += step) {
      if (passed > maxMs) throw new Error(`timeout after ${maxMs} ms: ${condition}; ${this.describe()}`);
      await this.advance(step, step);
    }
  }

  /** Lets time pass until all nodes have the same tip: `tip`, if given. */
  async untilSynced(tip?: Uint8Array, maxMs?: number): Promise<void> {
    const hex = (hash: Uint8Array) => Buffer.from(hash).toString('hex');
    await this.until(() => {
      const tips = new Set(this.nodes.map(({ chain }) => hex(chain.tip.hash)));
      return tips.size === 1 && (!tip || tips.has(hex(tip)));
    }, maxMs);
  }

  describe(): string {
    return this.nodes
      .map(({ name, chain, connections: peers, disconnects }) => {
        const heights = `${chain.tip.height}/${chain.bestHeader.height}`;
        return `${name}: ${heights}, ${peers.peers().length} peers, ${disconnects.join('; ')}`;
      })
      .join(' | ');
  }

  /** Opens a raw connection to a node, for a simulated peer. */
  async dial(node: TestNode, host = '127.0.0.1'): Promise<Connection> {
    const connecting = this.network.transport(host).connect(node.endpoint);
    let connection: Connection | undefined;
    void connecting.then((opened) => {
      connection = opened;
    });
    await this.until(() => connection !== undefined);
    return connection!;
  }
}

/** Mines `count` blocks on the node's tip, or on `from`, at the time of the virtual clock. */
export async function mine(
  net: TestNetwork,
  node: TestNode,
  count: number,
  plan: BlockPlan = {},
  from = node.chain.tip,
): Promise<Block[]> {
  const blocks: Block[] = [];
  let prev = from;
  for (let i = 0; i < count; i++) {
    const time = Math.max(Math.floor(net.clock.now() / 1000), prev.medianTimePast() + 1);
    const block = mineBlock(prev, { time, ...plan });
    const { index, reject } = await node.chain.acceptBlock(block);
    if (!index || reject) throw new Error(`rejected block: ${reject?.reason} (${reject?.debug})`);
    prev = index;
    blocks.push(block);
  }
  return blocks;
}

/** Returns `node`'s peer that is connected to `other`. */
export function peerOf(node: TestNode, other: TestNode): Peer {
  const found = node.connections.peers().find(({ endpoint }) => endpoint?.port === other.endpoint.port);
  if (!found) throw new Error(`${node.name} is not connected to ${other.name}`);
  return found;
}
