import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import type { CallParams } from '../../../api/methods/dispatch.ts';
import type { HeaderContext } from '../../../consensus/header-context.ts';
import type { ChainParams } from '../../../consensus/params.ts';
import type { NodeEvent } from '../../../node/composition/node-events.ts';
import { LOOPBACK, nodePaths } from '../../../node/config.ts';
import { type Endpoint, formatEndpoint } from '../../../p2p/net/endpoint.ts';
import type { NetworkClock } from '../../../testing/network-clock.ts';
import { NodeProcess, type NodeProcessOptions } from '../../processes/node-process.ts';
import { OrphanWatcher } from '../../processes/orphan-watcher.ts';
import { requireFreePort } from '../../processes/ports.ts';
import type { NodeRole } from '../../topology/network-options.ts';
import type { StoredNode } from '../engine.ts';
import { Followers, type NodeEventTypes } from '../followers.ts';
import { type NodeStatus, type NodeView, nodeStopped, type RpcAddress } from '../node-backend.ts';
import { PauseGate } from './pause-gate.ts';
import { currentView, NO_VIEW, type ProcessBackend } from './process-backend.ts';
import { RpcHeaders } from './rpc-headers.ts';
import { type NodeFiles, readNodeFiles, writeNodeFiles } from './stored-node.ts';

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
  /** Resolves when all nodes have the network's time: a call may send the others a block of it. */
  readonly timeSet: () => Promise<void>;
  /** Returns the hashes, as hex in the order of RPC, of the blocks that peers of other programs are not to bring back. */
  readonly withdrawn: () => Iterable<string>;
  readonly log: ProcessBackend['log'];
  /** Returns what else its process is started with. */
  readonly extra?: (() => ExtraOptions) | undefined;
}

/** What a process may be started with besides. */
export type ExtraOptions = Pick<
  NodeProcessOptions,
  'logLevel' | 'onLog' | 'mineAtTxs' | 'minerAddress' | 'minerThreads' | 'peerBloomFilters' | 'relaxedDurability'
>;

/** A node in a process of its own: `pier startnode`. */
export class ProcessNode implements ProcessBackend {
  readonly endpoint: Endpoint;
  readonly #options: ProcessNodeOptions;
  readonly #files: NodeFiles;
  readonly #listeners = new Set<() => void>();
  readonly #followers = new Followers(() => this.#process?.follow(this.#followers.types));
  readonly #headers: RpcHeaders;
  readonly #pause = new PauseGate();
  /** Stays the same, so that RPC clients can connect again. */
  readonly #rpcPassword = randomBytes(32).toString('hex');
  /** Ports of this process that its peers on links have. */
  readonly #linkPorts = new Set<number>();
  /** Settles when a start that is under way is over. */
  #starting: Promise<unknown> | undefined;
  #process: NodeProcess | undefined;
  #watcher: OrphanWatcher | undefined;
  /** Resolves when the process has the network's time. */
  #timeSet: Promise<void> = Promise.resolve();
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

  get unexpectedExit(): string | undefined {
    return this.#process?.unexpectedExit;
  }

  get log(): ProcessBackend['log'] {
    return this.#options.log;
  }

  get role(): NodeRole {
    return this.#options.role;
  }

  get status(): NodeStatus {
    if (!this.#process?.running) return 'stopped';
    return this.#pause.isClosed ? 'paused' : 'running';
  }

  /** Light nodes accept no peers. */
  get p2p(): Endpoint | undefined {
    return this.status === 'stopped' || this.role === 'light' ? undefined : this.endpoint;
  }

  get rpc(): RpcAddress | undefined {
    return this.#rpc;
  }

  async start(): Promise<void> {
    if (this.#process?.running) return;
    const starting = this.#start();
    this.#starting = starting.catch(() => {});
    await starting;
  }

  async #start(): Promise<void> {
    const { nodeId, dataDir, network, role, rpcPort, clock, isTemporary, log, extra } = this.#options;
    const more = extra?.();
    await requireFreePort(this.#options.rpcPort, `${this.name}: rpc`);
    await mkdir(dataDir, { recursive: true });
    const started = await NodeProcess.start({
      ...{ nodeId, dataDir, network, seeds: [], spv: role === 'light' },
      ...{ autoConnect: false, relaxedDurability: true, v2Transport: true },
      ...more,
      link: {
        ...{ clock: clock.state, rpcPort, rpcPassword: this.#rpcPassword },
        ...{ withdrawn: [...this.#options.withdrawn()], linkPorts: [...this.#linkPorts] },
        folder: isTemporary ? dataDir : undefined,
      },
      onChange: () => this.#changed(),
      onEvents: (events) => {
        for (const event of events) this.#followers.emit(event);
      },
      onLog: (line) => {
        log.add(line);
        more?.onLog?.(line);
      },
    });
    this.#process = started;
    if (this.#followers.types.size > 0) started.follow(this.#followers.types);
    void started.exited.then(() => this.#changed());
    const { host, port, cookieFile } = started.rpcAddress;
    // Read once: a process that has stopped has no cookie any more.
    const cookie = await readFile(cookieFile, 'utf8');
    this.#rpc = { host, port, cookieFile, url: `http://${cookie.trim()}@${host}:${port}/` };
    void this.clockChanged();
    this.#unguard();
    this.#changed();
  }

  async stop(): Promise<void> {
    await this.resume();
    await this.#process?.stop();
    if (this.#options.isTemporary) this.#guard();
  }

  async kill(): Promise<void> {
    await this.#kill();
    if (this.#options.isTemporary) this.#guard();
    // What it had in its mempool when it last stopped is not what it had now.
    await rm(nodePaths(this.#files).mempool, { force: true });
  }

  /** Ends it for good. */
  async close(): Promise<void> {
    await this.#kill();
    this.#unguard();
  }

  /** While the process does not run, another one does what it would if this one ended. */
  #guard(pid?: number): void {
    const { isTemporary, dataDir } = this.#options;
    this.#watcher ??= new OrphanWatcher(isTemporary ? dataDir : undefined);
    if (pid === undefined) this.#watcher.release();
    else this.#watcher.watch(pid);
  }

  #unguard(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  async #kill(): Promise<void> {
    if (this.#process?.running) await this.#process.kill();
    this.#pause.open();
  }

  async pause(): Promise<void> {
    // It would not answer until it goes on, and calls of all nodes wait for the time.
    await this.#timeSet;
    if (this.status !== 'running') return;
    this.#guard(this.#process!.pid);
    this.#pause.close();
    this.#process!.pause();
  }

  async resume(): Promise<void> {
    if (this.#process?.running) {
      this.#process.resume();
      this.#unguard();
    }
    this.#pause.open();
  }

  async clockChanged(): Promise<void> {
    const process = this.#process;
    if (process?.running) this.#timeSet = process.setClock(this.#options.clock.state);
    // A paused process gets the time before anything else when it goes on.
    if (this.status !== 'paused') await this.#timeSet;
  }

  async call(method: string, params: CallParams, wallet?: string): Promise<unknown> {
    await this.#pause.opened;
    await this.#timeSet;
    await this.#options.timeSet();
    const process = this.#process;
    if (!process?.running) throw nodeStopped(this.name, `run ${method}`);
    return process.rpc.call(method, params, wallet);
  }

  async view(): Promise<NodeView> {
    this.#lastView = await currentView(this, this.#lastView);
    return this.#lastView;
  }

  async connect(endpoint: Endpoint): Promise<void> {
    const name = formatEndpoint(endpoint);
    await this.call('addnode', [name, 'remove']).catch(() => {});
    await this.call('addnode', [name, 'add']);
  }

  async linkOpened(port: number): Promise<void> {
    this.#linkPorts.add(port);
    // A node accepts peers before it is ready.
    await this.#starting;
    await this.#process?.setLinkPorts([...this.#linkPorts]);
  }

  linkClosed(port: number): void {
    this.#linkPorts.delete(port);
    void this.#process?.setLinkPorts([...this.#linkPorts]);
  }

  header(hash: Uint8Array): Promise<HeaderContext | undefined> {
    return this.#headers.get(hash);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  follow(types: NodeEventTypes, listener: (event: NodeEvent) => void): () => void {
    return this.#followers.add(types, listener);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  async contents(): Promise<StoredNode> {
    if (this.status === 'running') await this.#process!.flush();
    return readNodeFiles(this.#files);
  }

  write(contents: StoredNode): Promise<void> {
    return writeNodeFiles(this.#files, contents);
  }
}
