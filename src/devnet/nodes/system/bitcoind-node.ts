import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CallParams } from '../../../api/methods/dispatch.ts';
import type { HeaderContext } from '../../../consensus/header-context.ts';
import { LOOPBACK, RPC_PORT_OFFSET } from '../../../node/config.ts';
import { type Endpoint, formatEndpoint } from '../../../p2p/net/endpoint.ts';
import { MemoryStore } from '../../../store/memory-store.ts';
import type { NetworkClock } from '../../../testing/network-clock.ts';
import { BitcoindProcess, bitcoindCookie, newCredentials } from '../../processes/bitcoind-process.ts';
import { OrphanWatcher } from '../../processes/orphan-watcher.ts';
import { requireFreePort } from '../../processes/ports.ts';
import type { NodeRole } from '../../topology/network-options.ts';
import type { StoredNode } from '../engine.ts';
import { type NodeStatus, type NodeView, nodeStopped, type RpcAddress } from '../node-backend.ts';
import { ChangePoller } from './change-poller.ts';
import { PauseGate } from './pause-gate.ts';
import { currentView, NO_VIEW, type ProcessBackend } from './process-backend.ts';
import { RpcHeaders } from './rpc-headers.ts';
import { readFolder, writeFolder } from './stored-folder.ts';

/** Milliseconds between settings of a clock that runs ahead of or behind the system's. */
const CLOCK_REFRESH_MS = 1_000;
/** Milliseconds between looks at whether an old connection is closed. */
const DISCONNECT_POLL_MS = 10;
/** Files of a process, which the next one does not need. */
const PROCESS_FILES = ['.lock', '.cookie', 'bitcoind.pid', 'LOCK'];

/** What a `BitcoindNode` is created with. */
export interface BitcoindNodeOptions {
  readonly name: string;
  readonly role: NodeRole;
  /** Path of the executable. */
  readonly program: string;
  /** Its P2P port. */
  readonly nodeId: number;
  /** Folder of its files alone. */
  readonly dataDir: string;
  /** Whether the files are removed when the network's process ends without stopping the node. */
  readonly isTemporary: boolean;
  /** Port of the RPC server, undefined for any. */
  readonly rpcPort: number | undefined;
  readonly clock: NetworkClock;
  /** Resolves when all nodes have the network's time: a call may send the others a block of it. */
  readonly timeSet: () => Promise<void>;
  readonly log: ProcessBackend['log'];
}

/** A bitcoind as a node of a network. */
export class BitcoindNode implements ProcessBackend {
  readonly endpoint: Endpoint;
  readonly #options: BitcoindNodeOptions;
  readonly #rpcPort: number;
  readonly #changes: ChangePoller;
  readonly #headers: RpcHeaders;
  readonly #pause = new PauseGate();
  /** Valid in all processes, so that RPC clients can connect again: each has a new cookie. */
  readonly #credentials = newCredentials();
  #watcher: OrphanWatcher | undefined;
  #process: BitcoindProcess | undefined;
  /** Resolves when the process has the network's time. */
  #timeSet: Promise<void> = Promise.resolve();
  #clockTimer: NodeJS.Timeout | undefined;
  #rpc: RpcAddress | undefined;
  #lastView = NO_VIEW;

  constructor(options: BitcoindNodeOptions) {
    this.#options = options;
    this.#rpcPort = options.rpcPort ?? options.nodeId + RPC_PORT_OFFSET;
    this.endpoint = { host: LOOPBACK, port: options.nodeId };
    this.#headers = new RpcHeaders((method, params) => this.call(method, params));
    this.#changes = new ChangePoller(options.clock, {
      isActive: () => this.status === 'running',
      read: () => this.#readState(),
    });
  }

  get name(): string {
    return this.#options.name;
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

  get dataDir(): string {
    return this.#options.dataDir;
  }

  get status(): NodeStatus {
    if (!this.#process?.running) return 'stopped';
    return this.#pause.isClosed ? 'paused' : 'running';
  }

  get pid(): number | undefined {
    return this.status === 'stopped' ? undefined : this.#process?.pid;
  }

  get p2p(): Endpoint | undefined {
    return this.status === 'stopped' ? undefined : this.endpoint;
  }

  get rpc(): RpcAddress | undefined {
    return this.#rpc;
  }

  async start(): Promise<void> {
    if (this.#process?.running) return;
    const { name, program, dataDir, nodeId, isTemporary, log } = this.#options;
    await requireFreePort(this.#options.rpcPort, `${this.name}: rpc`);
    this.#watcher ??= new OrphanWatcher(isTemporary ? dataDir : undefined);
    await mkdir(dataDir, { recursive: true });
    const started = await BitcoindProcess.start({
      ...{ name, program, dataDir, port: nodeId, rpcPort: this.#rpcPort },
      onLog: (line) => log.add(line),
      time: this.#mockTime() || undefined,
      credentials: this.#credentials,
      watcher: this.#watcher,
    });
    this.#process = started;
    void started.exited.then(() => this.#changes.changed());
    const cookieFile = bitcoindCookie(dataDir);
    const { user, password } = this.#credentials;
    const url = `http://${user}:${password}@${LOOPBACK}:${this.#rpcPort}/`;
    this.#rpc = { host: LOOPBACK, port: this.#rpcPort, cookieFile, url };
    void this.clockChanged();
    this.#changes.changed();
  }

  async stop(): Promise<void> {
    await this.resume();
    clearInterval(this.#clockTimer);
    await this.#process?.stop();
  }

  async kill(): Promise<void> {
    await this.#kill();
    // What it had in its mempool when it last stopped is not what it had now.
    await rm(join(this.dataDir, 'regtest', 'mempool.dat'), { force: true });
  }

  async close(): Promise<void> {
    await this.#kill();
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  async #kill(): Promise<void> {
    clearInterval(this.#clockTimer);
    if (this.#process?.running) await this.#process.kill();
    this.#pause.open();
  }

  async pause(): Promise<void> {
    // It would not answer until it goes on, and calls of all nodes wait for the time.
    await this.#timeSet;
    if (this.status !== 'running') return;
    this.#pause.close();
    this.#process!.pause();
  }

  async resume(): Promise<void> {
    if (this.status !== 'paused') return;
    this.#process!.resume();
    this.#pause.open();
    void this.clockChanged();
    this.#changes.wake();
  }

  async clockChanged(): Promise<void> {
    clearInterval(this.#clockTimer);
    // A paused process gets the time when it goes on.
    if (this.status !== 'running') return;
    const { offset, frozen } = this.#options.clock.state;
    if (frozen === undefined && offset !== 0) {
      // The time of bitcoind stands still once it is set.
      this.#clockTimer = setInterval(() => this.#setTime(), CLOCK_REFRESH_MS);
      this.#clockTimer.unref();
    }
    this.#setTime();
    await this.#timeSet;
  }

  #setTime(): void {
    const process = this.#process!;
    this.#timeSet = this.#timeSet.then(async () => {
      if (this.status === 'running') await process.rpc.call('setmocktime', [this.#mockTime()]).catch(() => {});
    });
  }

  /** Returns the network's time in seconds, and 0, as `setmocktime` takes it, if that is the system's. */
  #mockTime(): number {
    const { clock } = this.#options;
    const { offset, frozen } = clock.state;
    return frozen === undefined && offset === 0 ? 0 : Math.floor(clock.now() / 1000);
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
    const address = formatEndpoint(endpoint);
    const isOld = ({ addr }: { addr: string }) => addr === address;
    await this.call('addnode', [address, 'remove']).catch(() => {});
    // While it has not noticed that the last connection is closed, it opens no other.
    while (((await this.call('getpeerinfo', [])) as { addr: string }[]).some(isOld)) {
      await this.call('disconnectnode', [address]).catch(() => {});
      await delay(DISCONNECT_POLL_MS);
    }
    // At once, since added nodes wait for their turn.
    await this.call('addnode', [address, 'onetry']);
    await this.call('addnode', [address, 'add']).catch(() => {});
  }

  async linkOpened(): Promise<void> {}

  linkClosed(): void {}

  header(hash: Uint8Array): Promise<HeaderContext | undefined> {
    return this.#headers.get(hash);
  }

  onChange(listener: () => void): () => void {
    return this.#changes.subscribe(listener);
  }

  async #readState(): Promise<string> {
    const { rpc } = this.#process!;
    const [tip, { size, bytes, total_fee: fees }, peers] = await Promise.all([
      rpc.call<string>('getbestblockhash'),
      rpc.call<{ size: number; bytes: number; total_fee: number }>('getmempoolinfo'),
      rpc.call<{ id: number; version: number }[]>('getpeerinfo'),
    ]);
    return JSON.stringify([tip, size, bytes, fees, peers.filter(({ version }) => version > 0).map(({ id }) => id)]);
  }

  async contents(): Promise<StoredNode> {
    const process = this.status === 'running' ? this.#process! : undefined;
    if (process) {
      await process.rpc.call('savemempool');
      // Writes the chain's state to its files first (Core: ForceFlushStateToDisk).
      await process.rpc.call('gettxoutsetinfo', ['none']);
      // Files of one moment: what a process that is killed leaves, from which bitcoind always recovers.
      process.pause();
    }
    try {
      return {
        chain: await readFolder(this.dataDir, [...PROCESS_FILES, ...this.log.names]),
        wallet: new MemoryStore(),
        mempool: undefined,
      };
    } finally {
      process?.resume();
    }
  }

  write({ chain }: StoredNode): Promise<void> {
    return writeFolder(this.dataDir, chain, this.log.names);
  }
}
