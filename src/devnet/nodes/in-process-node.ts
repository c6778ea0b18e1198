import type { AnyRpcNode } from '../../api/method/rpc-node.ts';
import { type CallParams, LocalCalls } from '../../api/methods/dispatch.ts';
import { rpcMethods } from '../../api/methods/index.ts';
import { lightMethods } from '../../api/methods/light/index.ts';
import type { HeaderContext } from '../../consensus/header-context.ts';
import type { ChainParams } from '../../consensus/params.ts';
import type { MempoolSnapshot } from '../../mempool/snapshot.ts';
import { RunningFullNode } from '../../node/composition/running-full-node.ts';
import { RunningLightNode } from '../../node/composition/running-light-node.ts';
import type { NodeModules } from '../../node/composition/running-node.ts';
import type { Endpoint } from '../../p2p/net/endpoint.ts';
import type { Peer } from '../../p2p/peer/peer.ts';
import type { MemoryStore } from '../../store/memory-store.ts';
import type { MemoryNetwork } from '../../testing/memory-transport.ts';
import { MEMORY_PORT, memoryConfig } from '../topology/memory-config.ts';
import type { NodeRole } from '../topology/network-options.ts';
import { LocalFollowers } from './followers.ts';
import { type NodeBackend, type NodeStatus, type NodeView, nodeStopped, type RpcAddress } from './node-backend.ts';
import type { NodePorts, PeerListener, RpcPort } from './node-ports.ts';
import type { WithdrawnBlocks } from './withdrawn-blocks.ts';

/** Everything that a node in this process keeps while it is stopped. */
export interface NodeContents {
  readonly chain: MemoryStore;
  readonly wallet: MemoryStore;
  /** A snapshot, or a mempool.dat. */
  readonly mempool: MempoolSnapshot | Uint8Array | undefined;
}

/** What `InProcessNode` is created with. */
export interface InProcessNodeOptions {
  readonly name: string;
  readonly role: NodeRole;
  /** Its address on the links. */
  readonly host: string;
  readonly params: ChainParams;
  readonly links: MemoryNetwork;
  readonly modules: Pick<NodeModules, 'clock' | 'random' | 'logger' | 'signatures'>;
  /** What the logger writes. */
  readonly log: NodeBackend['log'];
  readonly contents: NodeContents;
  /** What serves its ports; undefined in a browser, where it can have none. */
  readonly ports: NodePorts | undefined;
  /** Port of the RPC server, 0 for any; undefined for none. */
  readonly rpcPort: number | undefined;
  /** Port at which it accepts peers of other programs, 0 for any; undefined for none. */
  readonly p2pPort: number | undefined;
  /** Blocks that peers of other programs are not to bring back. */
  readonly withdrawn: WithdrawnBlocks | undefined;
  /** Returns whether an endpoint is that of a node on the links. */
  isLinked(endpoint: Endpoint): boolean;
}

/** A node in this process, with stores and links in memory. */
export class InProcessNode implements NodeBackend {
  readonly #options: InProcessNodeOptions;
  readonly endpoint: Endpoint;
  readonly #listeners = new Set<() => void>();
  readonly #followers = new LocalFollowers();
  readonly #rpc: RpcPort | undefined;
  readonly #port: PeerListener | undefined;
  #contents: NodeContents;
  #node: RunningFullNode | RunningLightNode | undefined;
  /** Undefined before the first start. */
  #calls: Pick<LocalCalls<AnyRpcNode>, 'call' | 'replaceNode' | 'endWaitingCalls'> | undefined;
  /** Resolves when a paused node goes on. */
  #resumed: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  constructor(options: InProcessNodeOptions) {
    this.#options = options;
    this.#contents = options.contents;
    this.#rpc = options.rpcPort === undefined ? undefined : options.ports?.rpc(options.rpcPort);
    this.#port = options.p2pPort === undefined ? undefined : options.ports?.peers(options.p2pPort);
    this.endpoint = { host: options.host, port: MEMORY_PORT };
  }

  get name(): string {
    return this.#options.name;
  }

  /** It has no process of its own. */
  get pid(): undefined {
    return undefined;
  }

  get unexpectedExit(): undefined {
    return undefined;
  }

  get log(): NodeBackend['log'] {
    return this.#options.log;
  }

  get role(): NodeRole {
    return this.#options.role;
  }

  get status(): NodeStatus {
    if (!this.#node) return 'stopped';
    return this.#resumed ? 'paused' : 'running';
  }

  /** The node itself; undefined while it is stopped. Another object after each start. */
  get node(): RunningFullNode | RunningLightNode | undefined {
    return this.#node;
  }

  async start(): Promise<void> {
    if (this.#node) return;
    const { params, host, links, modules, role, ports, isLinked } = this.#options;
    const config = memoryConfig(params, { host, v2Transport: this.#port !== undefined });
    const transport = this.#port?.transport(links.transport(host), isLinked) ?? links.transport(host);
    const refusesBlock = this.#port && ((peer: Peer, hash: Uint8Array) => this.#refuses(peer, hash));
    const all = { ...modules, transport, refusesBlock, stores: this.#contents, files: ports?.files(params) };
    const changed = () => {
      for (const listener of this.#listeners) listener();
    };
    if (role === 'light') {
      const node = await RunningLightNode.startOn(config, { network: 'full' }, all);
      node.chain.events.on('tip', changed);
      node.connections.events.on('ready', changed);
      this.#node = node;
    } else {
      const node = await RunningFullNode.startOn(config, { network: 'full' }, all);
      node.chain.events.on('tip', changed);
      node.mempool.events.on('added', changed);
      node.mempool.events.on('removed', changed);
      node.connections.events.on('ready', changed);
      this.#node = node;
    }
    if (this.#calls) this.#calls.replaceNode(this.#node);
    else this.#calls = callsOf(this.#node);
    try {
      await this.#rpc?.serve(this.#node);
    } catch (error) {
      await this.#end(() => undefined);
      throw error;
    }
    this.#followers.attach(this.#node);
    changed();
  }

  /** Returns whether a block that the network had before a revert comes from another program. */
  #refuses(peer: Peer, hash: Uint8Array): boolean {
    const { withdrawn, isLinked } = this.#options;
    const near = peer.inbound ? peer.local : peer.remote;
    return withdrawn?.has(hash) === true && !(near && isLinked(near));
  }

  async stop(): Promise<void> {
    await this.#endCalls();
    await this.#end((node) => node.mempool.snapshot());
  }

  async kill(): Promise<void> {
    await this.#endCalls();
    await this.#end(() => undefined);
  }

  /** Where peers of other programs connect to; undefined without a port, and while it is stopped. */
  get p2p(): Endpoint | undefined {
    return this.#node && this.#port?.endpoint;
  }

  /** Where it serves RPC over HTTP; undefined if it does not. */
  get rpc(): RpcAddress | undefined {
    return this.#rpc?.address;
  }

  /** Ends it for good, and removes its files. */
  async close(): Promise<void> {
    await this.kill();
    await this.#rpc?.close();
  }

  /** Ends calls that wait, and closes the connections of RPC clients. */
  async #endCalls(): Promise<void> {
    this.#calls?.endWaitingCalls();
    await this.#rpc?.stop();
  }

  async #end(mempoolOf: (node: RunningFullNode) => MempoolSnapshot | undefined): Promise<void> {
    const node = this.#node;
    if (!node) return;
    await this.resume();
    this.#node = undefined;
    this.#followers.attach(undefined);
    const mempool = node instanceof RunningFullNode ? mempoolOf(node) : undefined;
    await node.stop();
    this.#contents = { ...this.#contents, mempool };
    for (const listener of this.#listeners) listener();
  }

  async pause(): Promise<void> {
    if (!this.#node || this.#resumed) return;
    let resolve = () => {};
    const promise = new Promise<void>((resume) => {
      resolve = resume;
    });
    this.#resumed = { promise, resolve };
    this.#options.links.pause(this.#options.host);
    this.#port?.pause();
  }

  async resume(): Promise<void> {
    this.#options.links.resume(this.#options.host);
    this.#port?.resume();
    this.#resumed?.resolve();
    this.#resumed = undefined;
  }

  async call(method: string, params: CallParams, wallet?: string): Promise<unknown> {
    await this.#resumed?.promise;
    if (!this.#node) throw nodeStopped(this.name, `run ${method}`);
    return this.#calls!.call(method, params, wallet);
  }

  async view(): Promise<NodeView> {
    const node = this.#node;
    if (!node) return { height: -1, tip: '', mempool: undefined, peers: 0 };
    const { height, hashHex } = node.chain.tip;
    let mempool: Set<string> | undefined;
    if (node instanceof RunningFullNode) {
      mempool = new Set();
      for (const { tx } of node.mempool.entries()) mempool.add(tx.txidHex);
    }
    const peers = node.connections.peers().filter(({ isReady }) => isReady).length;
    return { height, tip: hashHex, mempool, peers };
  }

  /** Closes all connections, so that no other node learns anything more from it. */
  async disconnect(): Promise<void> {
    this.#node?.connections.setNetworkActive(false);
  }

  async connect(endpoint: Endpoint): Promise<void> {
    this.#node?.connections.removeNode(endpoint);
    // No ciphers on links.
    this.#node?.connections.addNode(endpoint, false);
  }

  async header(hash: Uint8Array): Promise<HeaderContext | undefined> {
    return this.#node?.chain.getIndex(hash);
  }

  readonly follow: NonNullable<NodeBackend['follow']> = (types, listener) => this.#followers.add(types, listener);

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Writes the pending changes of a running node. */
  async flush(): Promise<void> {
    await this.#node?.chain.flush();
    await this.#node?.wallets.flushed();
  }

  /** Returns copies of what the node has, which later changes do not affect. Pending changes must be written. */
  contents(): NodeContents {
    const { chain, wallet, mempool } = this.#contents;
    const current = this.#node instanceof RunningFullNode ? this.#node.mempool.snapshot() : mempool;
    return { chain: chain.fork(), wallet: wallet.fork(), mempool: current };
  }

  /** Replaces what the node has, and starts it again unless it is to be `stopped`. RPC clients stay connected, and their calls wait on. */
  async reset(contents: NodeContents, status: NodeStatus): Promise<void> {
    if (status === 'stopped') await this.#endCalls();
    await this.#end(() => undefined);
    this.#contents = contents;
    if (status === 'stopped') return;
    await this.start();
    if (status === 'paused') await this.pause();
  }
}

/** Returns what calls the methods of a node, and of those that take its place. */
function callsOf(node: RunningFullNode | RunningLightNode) {
  return node instanceof RunningLightNode ? new LocalCalls(node, lightMethods) : new LocalCalls(node, rpcMethods);
}
