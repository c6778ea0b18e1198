import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { RpcClient } from '../../api/client/rpc-client.ts';
import { cliPath } from '../../node/cli-path.ts';
import type { NodeEvent } from '../../node/composition/node-events.ts';
import { DEFAULT_NETWORK } from '../../node/config.ts';
import type { LogLevel } from '../../node/logging.ts';
import { PierError } from '../../platform/errors.ts';
import type { ClockState } from '../../testing/network-clock.ts';
import { NodeChild } from './node-child.ts';
import { type NodeMessage, PARENT_LINK, type ParentMessage } from './parent-messages.ts';
import { waitForExit } from './process-result.ts';

/** Milliseconds a node may take to be ready before it is killed. */
const READY_TIMEOUT_MS = 60_000;
/** Milliseconds a node may take to stop after SIGTERM before it is killed. */
const STOP_TIMEOUT_MS = 15_000;

/** Last lines of a node's log that an error quotes. */
const LOG_LINES_KEPT = 20;

/** Options of `pier startnode`. */
export interface NodeProcessOptions {
  readonly nodeId: number;
  readonly dataDir: string;
  /** A name, or the path of a network file. */
  readonly network?: string;
  /** `HOST:PORT` of nodes to connect to; with none, the node only accepts connections. */
  readonly seeds: readonly string[];
  /** Whether to start a light node. */
  readonly spv?: boolean;
  /** Whether to serve Bloom filters (BIP37), by which `pier verify` finds any transaction. */
  readonly peerBloomFilters?: boolean;
  readonly minerAddress?: string;
  readonly mineAtTxs?: number;
  readonly minerThreads?: number;
  /** Default true. */
  readonly blockFilterIndex?: boolean;
  /** Address of the RPC server; 127.0.0.1 if absent. */
  readonly rpcHost?: string;
  readonly logLevel?: LogLevel;
  /** Whether to connect to addresses that peers announce; default true. */
  readonly autoConnect?: boolean;
  /** Whether writes are not waited for; default false. */
  readonly relaxedDurability?: boolean;
  /** Whether to use the encrypted transport (BIP324) where peers support it; default true. */
  readonly v2Transport?: boolean;
  /** The first message over an IPC channel, by which the node's clock and files are managed; default: no channel. */
  readonly link?: Omit<Extract<ParentMessage, { readonly type: 'start' }>, 'type'>;
  /** Called when tip, mempool or peers have changed. Needs `link`. */
  readonly onChange?: () => void;
  /** Receives the events that `follow` asks for. Needs `link`. @internal */
  readonly onEvents?: (events: readonly NodeEvent[]) => void;
  /** Receives each line of the node's log. */
  readonly onLog?: (line: string) => void;
}

/** The line that `pier startnode --json` prints when the node is ready. */
export interface ReadyLine {
  readonly event: 'ready';
  readonly pid: number;
  readonly p2p: string;
  readonly rpc: { readonly host: string; readonly port: number; readonly cookieFile: string };
}

/** Environment of a child process: this process's, without variables that configure a node. */
function childEnvironment(nodeId: number, hasLink = false): NodeJS.ProcessEnv {
  const { PIER_DATADIR: _dataDir, PIER_NETWORK: _network, [PARENT_LINK]: _link, ...rest } = process.env;
  return { ...rest, NODE_ID: String(nodeId), ...(hasLink ? { [PARENT_LINK]: '1' } : {}) };
}

/** A `pier startnode` in a child process, which exits when this process does. */
export class NodeProcess extends NodeChild {
  /** The options that the node was started with. */
  readonly options: NodeProcessOptions;
  /** A client of the node's RPC. */
  readonly rpc: RpcClient;
  /** Where it serves RPC. */
  readonly rpcAddress: ReadyLine['rpc'];
  /** `HOST:PORT` at which the node accepts peers. */
  readonly p2p: string;
  /** Messages that the node has not answered yet. */
  readonly #requests = new Map<number, { resolve(): void; reject(error: unknown): void }>();
  #lastRequest = 0;

  private constructor(options: NodeProcessOptions, child: ChildProcess, exited: Promise<void>, ready: ReadyLine) {
    super(child, exited, STOP_TIMEOUT_MS);
    this.options = options;
    this.p2p = ready.p2p;
    this.rpc = new RpcClient(ready.rpc);
    this.rpcAddress = ready.rpc;
    child.on('message', (message: NodeMessage) => this.#received(message));
    void exited.then(() => this.#settleRequests());
  }

  /** The node id. */
  get nodeId(): number {
    return this.options.nodeId;
  }

  /**
   * Starts the node and waits until it is ready. Throws `PierError` 'node-failed' with the end of its log if it fails.
   *
   * @example
   * ```ts
   * import { freeNodeIds, NodeProcess } from 'pier/devnet';
   *
   * const [nodeId] = await freeNodeIds(1);
   * const node = await NodeProcess.start({ nodeId: nodeId!, dataDir: '/tmp/pier', seeds: ['127.0.0.1:3000'] });
   * console.log(node.pid, await node.rpc.call('getblockcount'));
   * await node.stop();
   * ```
   */
  static async start(options: NodeProcessOptions): Promise<NodeProcess> {
    const args = ['startnode', '--json', '--with-parent', '--datadir', options.dataDir];
    args.push('--network', options.network ?? DEFAULT_NETWORK, '--log-level', options.logLevel ?? 'info');
    if (options.seeds.length === 0) args.push('--no-seed');
    for (const seed of options.seeds) args.push('--seed', seed);
    if (options.rpcHost !== undefined) args.push('--rpc-host', options.rpcHost);
    if (options.spv) args.push('--spv');
    if (options.peerBloomFilters) args.push('--peerbloomfilters');
    if (options.minerAddress !== undefined) args.push('--miner', options.minerAddress);
    if (options.mineAtTxs !== undefined) args.push('--mine-at-txs', String(options.mineAtTxs));
    if (options.minerThreads !== undefined) args.push('--miner-threads', String(options.minerThreads));
    if (options.blockFilterIndex === false) args.push('--no-blockfilterindex');
    if (options.autoConnect === false) args.push('--no-auto-connect');
    if (options.relaxedDurability) args.push('--relaxed-durability');
    if (options.v2Transport === false) args.push('--no-v2');

    const child = spawn(process.execPath, [cliPath(), ...args], {
      env: childEnvironment(options.nodeId, options.link !== undefined),
      // By the pipe to its stdin, the node detects the exit of its parent.
      stdio: options.link ? ['pipe', 'pipe', 'pipe', 'ipc'] : ['pipe', 'pipe', 'pipe'],
      // Ctrl-C in a terminal reaches the network alone, which then stops its nodes in order.
      detached: options.link !== undefined,
    });
    // Without a process, `error` follows.
    if (options.link) child.send?.({ type: 'start', ...options.link } satisfies ParentMessage, () => {});
    const exited = new Promise<void>((resolve) => {
      child.once('close', () => resolve());
    });
    const lastLines: string[] = [];
    createInterface({ input: child.stderr! }).on('line', (line) => {
      lastLines.push(line);
      if (lastLines.length > LOG_LINES_KEPT) lastLines.shift();
      options.onLog?.(line);
    });

    const ready = await new Promise<ReadyLine>((resolve, reject) => {
      const fail = (what: string) =>
        reject(
          new PierError('node-failed', `node ${options.nodeId} ${what}\n${lastLines.join('\n')}`.trimEnd(), {
            hint: "These lines are the end of the node's log.",
          }),
        );
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        fail(`was not ready within ${READY_TIMEOUT_MS / 1000} s`);
      }, READY_TIMEOUT_MS);
      child.once('error', (error) => fail(`could not be started: ${error.message}`));
      void exited.then(() => {
        clearTimeout(timer);
        fail(`exited before it was ready (${child.signalCode ?? `exit code ${child.exitCode}`})`);
      });
      createInterface({ input: child.stdout! }).once('line', (line) => {
        clearTimeout(timer);
        resolve(JSON.parse(line) as ReadyLine);
      });
    });
    return new NodeProcess(options, child, exited, ready);
  }

  /** Sets the node's clock. Resolves when it is set, or the process has exited. Needs `link`. */
  setClock(clock: ClockState): Promise<void> {
    return this.#request((id) => ({ type: 'clock', id, clock }));
  }

  /**
   * Sets the ports of this process that the node's peers on links have. Resolves when they are set, or the process has
   * exited. Needs `link`.
   */
  setLinkPorts(ports: readonly number[]): Promise<void> {
    return this.#request((id) => ({ type: 'links', id, ports }));
  }

  /** Resolves when everything that the node has is in its files. Rejects if that fails. Needs `link`. */
  flush(): Promise<void> {
    return this.#request((id) => ({ type: 'flush', id }));
  }

  /** Reports events of the given types to `onEvents` from now on, and no others. Needs `link`. @internal */
  follow(types: Iterable<NodeEvent['type']>): void {
    if (this.running) this.child.send({ type: 'follow', types: [...types] } satisfies ParentMessage, () => {});
  }

  #request(message: (id: number) => ParentMessage): Promise<void> {
    const id = ++this.#lastRequest;
    return new Promise((resolve, reject) => {
      this.#requests.set(id, { resolve, reject });
      // A process that is about to exit answers nothing: its exit then settles the request.
      if (this.running) this.child.send(message(id), () => {});
      else this.#settleRequests();
    });
  }

  #settleRequests(): void {
    for (const { resolve } of this.#requests.values()) resolve();
    this.#requests.clear();
  }

  #received(message: NodeMessage): void {
    if (message.type === 'changed') {
      this.options.onChange?.();
      return;
    }
    if (message.type === 'events') {
      this.options.onEvents?.(message.events);
      return;
    }
    const request = this.#requests.get(message.id);
    this.#requests.delete(message.id);
    if (message.error === undefined) request?.resolve();
    else
      request?.reject(new PierError('node-failed', `node ${this.nodeId} could not write its files: ${message.error}`));
  }
}

/** How `runPier` runs a command. */
export interface RunPierOptions {
  /** What the command reads from stdin. */
  readonly input?: string | undefined;
  /** Ends the command (SIGTERM) when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a `pier` command with `--json`, and returns its parsed output. Throws `PierError` with the command's error code, and
 * the signal's reason.
 */
export async function runPier<T>(
  nodeId: number,
  args: readonly string[],
  { input = '', signal }: RunPierOptions = {},
): Promise<T> {
  signal?.throwIfAborted();
  const child = spawn(process.execPath, [cliPath(), ...args, '--json'], {
    env: childEnvironment(nodeId),
    stdio: 'pipe',
  });
  const end = () => void child.kill('SIGTERM');
  signal?.addEventListener('abort', end, { once: true });
  child.stdin.on('error', () => {}).end(input);
  const { code, stdout, stderr } = await waitForExit(child).finally(() => signal?.removeEventListener('abort', end));
  signal?.throwIfAborted();
  if (code !== 0) throw commandError(`NODE_ID=${nodeId} pier ${args.join(' ')}`, stderr);
  return JSON.parse(stdout) as T;
}

/** Returns the error that a command printed as JSON, or its stderr as 'command-failed'. */
function commandError(command: string, stderr: string): PierError {
  const line = stderr.trimEnd().split('\n').at(-1) ?? '';
  try {
    const { error } = JSON.parse(line) as { error: { code: string; message: string; hint?: string } };
    return new PierError(error.code, error.message, error.hint === undefined ? {} : { hint: error.hint });
  } catch {
    return new PierError('command-failed', `${command}: ${stderr.trim()}`);
  }
}
