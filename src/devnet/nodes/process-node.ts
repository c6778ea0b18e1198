import { mkdir, readFile, rm } from 'node:fs/promises';
import type { CallParams } from '../../api/rpc/dispatch.ts';
import type { HeaderContext } from '../../consensus/header-context.ts';
import type { ChainParams } from '../../consensus/params.ts';
import { LOOPBACK } from '../../node/config.ts';
import { type Endpoint, formatEndpoint } from '../../p2p/net/endpoint.ts';
import { PierError } from '../../platform/errors.ts';
import type { ClockState, NetworkClock } from '../processes/network-clock.ts';
import { NodeProcess } from '../processes/node-process.ts';
import type { NodeRole } from '../topology/network-options.ts';
import type { NodeBackend, NodeStatus, NodeView } from './node-backend.ts';
import type { RpcAddress } from './node-rpc.ts';
import { RpcHeaders } from './rpc-headers.ts';
import { type NodeFiles, readNodeFiles, type StoredNode, writeNodeFiles } from './stored-node.ts';

const NO_VIEW: NodeView = { height: -1, tip: '', mempool: undefined, peers: 0 };

/** What `ProcessNode` is created with. */
export interface ProcessNodeOptions {
  readonly name: string;
  readonly role: NodeRole;
  /** Its P2P port. */
  readonly nodeId: number;
  readonly params: ChainParams;
  /** A name, or the path of a network file. */
  readonly network: string;
  /** Folder of its files alone. */
  readonly dataDir: string;
  /** Whether the files are removed when the network's process ends without stopping the node. */
  readonly isTemporary: boolean;
  /** Port of the RPC server, undefined for any. */
  readonly rpcPort: number | undefined;
  readonly clock: NetworkClock;
  /** Receives each line of its log. */
  readonly onLog?: ((line: string) => void) | undefined;
}

/** A node in a process of its own: `pier startnode`. */
export class ProcessNode implements NodeBackend {
  readonly endpoint: Endpoint;
  readonly #options: ProcessNodeOptions;
  readonly #files: NodeFiles;
  readonly #listeners = new Set<() => void>();
  readonly #headers: RpcHeaders;
  #process: NodeProcess | undefined;
  /** Resolves when the process has the network's time. */
  #timeSet: Promise<void> = Promise.resolve();
  #resumed: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
  #rpc: RpcAddress | undefined;
  #lastView = NO_VIEW;

  constructor(options: ProcessNodeOptions) {
    this.#options = options;
    this.#files = options;
    this.endpoint = { host: LOOPBACK, port: options.nodeId };
    this.#headers = new RpcHeaders((method, params) => this.call(method, params));
  }

  get name(): string {
    return this.#options.name;
  }

  /** Folder of its files alone. */
  get dataDir(): string {
    return this.#options.dataDir;
  }

  get pid(): number | undefined {
    return this.status === 'stopped' ? undefined : this.#process?.pid;
  }

  get role(): NodeRole {
    return this.#options.role;
  }

  get status(): NodeStatus {
    if (!this.#process?.running) return 'stopped';
    return this.#resumed ? 'paused' : 'running';
  }

  get rpc(): RpcAddress | undefined {
    return this.#rpc;
  }

  async start(): Promise<void> {
    if (this.#process?.running) return;
    const { nodeId, dataDir, network, role, rpcPort, clock, isTemporary, onLog } = this.#options;
    await mkdir(dataDir, { recursive: true });
    const started = await NodeProcess.start({
      ...{ nodeId, dataDir, network, seeds: [], spv: role === 'light' },
      ...{ autoConnect: false, relaxedDurability: true, v2Transport: true },
      link: { clock: clock.state, rpcPort, folder: isTemporary ? dataDir : undefined },
      onChange: () => this.#changed(),
      ...(onLog ? { onLog } : {}),
    });
    this.#process = started;
    void started.exited.then(() => this.#changed());
    const { host, port, cookieFile } = started.rpcAddress;
    // Read once: a process that has stopped has no cookie any more.
    const cookie = await readFile(cookieFile, 'utf8');
    this.#rpc = { host, port, cookieFile, url: `http://${cookie.trim()}@${host}:${port}/` };
    this.clockChanged();
    this.#changed();
  }

  async stop(): Promise<void> {
    await this.resume();
    await this.#process?.stop();
  }

  async kill(): Promise<void> {
    if (this.#process?.running) await this.#process.kill();
    this.#endPause();
    // What it had in its mempool when it last stopped is not what it had now.
    await rm(`${this.#options.dataDir}/mempool_${this.#options.nodeId}.dat`, { force: true });
  }

  /** Ends it for good. */
  async close(): Promise<void> {
    if (this.#process?.running) await this.#process.kill();
    this.#endPause();
  }

  async pause(): Promise<void> {
    if (this.status !== 'running') return;
    let resolve = () => {};
    const promise = new Promise<void>((resume) => {
      resolve = resume;
    });
    this.#resumed = { promise, resolve };
    this.#process!.pause();
  }

  async resume(): Promise<void> {
    if (this.#process?.running) this.#process.resume();
    this.#endPause();
  }

  #endPause(): void {
    this.#resumed?.resolve();
    this.#resumed = undefined;
  }

  /** Gives the process the network's time. */
  clockChanged(): void {
    const process = this.#process;
    const state: ClockState = this.#options.clock.state;
    if (process?.running) this.#timeSet = process.setClock(state);
  }

  async call(method: string, params: CallParams, wallet?: string): Promise<unknown> {
    await this.#resumed?.promise;
    await this.#timeSet;
    const process = this.#process;
    if (!process?.running) {
      throw new PierError('node-stopped', `${this.name} is stopped: it cannot run ${method}`, {
        hint: `Start it with node('${this.name}').start().`,
      });
    }
    return process.rpc.call(method, params, wallet);
  }

  async view(): Promise<NodeView> {
    if (this.status === 'running') {
      try {
        this.#lastView = await this.#view();
      } catch (error) {
        // The process may end, or be paused, while it answers.
        if (this.status === 'running') throw error;
      }
    }
    // A paused process answers nothing.
    return this.status === 'stopped' ? NO_VIEW : this.#lastView;
  }

  async #view(): Promise<NodeView> {
    const isLight = this.role === 'light';
    const [chain, peers, mempool] = (await Promise.all([
      this.call('getblockchaininfo', []),
      this.call('getpeerinfo', []),
      isLight ? undefined : this.call('getrawmempool', []),
    ])) as [{ blocks: number; headers: number; bestblockhash: string }, { version: number }[], string[] | undefined];
    return {
      height: isLight ? chain.headers : chain.blocks,
      tip: chain.bestblockhash,
      mempool: mempool && new Set(mempool),
      // Without a version, the handshake is not complete.
      peers: peers.filter(({ version }) => version > 0).length,
    };
  }

  async connect(endpoint: Endpoint): Promise<void> {
    const name = formatEndpoint(endpoint);
    await this.call('addnode', [name, 'remove']).catch(() => {});
    await this.call('addnode', [name, 'add']);
  }

  header(hash: Uint8Array): Promise<HeaderContext | undefined> {
    return this.#headers.get(hash);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Returns a copy of what the node has. */
  async contents(): Promise<StoredNode> {
    if (this.status === 'running') await this.#process!.flush();
    return readNodeFiles(this.#files);
  }

  /** Replaces what the node has; it must not run. */
  write(contents: StoredNode): Promise<void> {
    return writeNodeFiles(this.#files, contents);
  }
}
