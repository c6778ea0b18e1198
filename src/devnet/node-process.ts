import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { RpcClient } from '../api/client/rpc-client.ts';
import { DEFAULT_NETWORK } from '../node/config.ts';
import type { LogLevel } from '../node/logging.ts';
import { PierError } from '../platform/errors.ts';
import { untilFinished } from './finished.ts';

/** How long a node may take to be ready, and to stop when asked to, before it is given up or killed. */
const READY_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 15_000;

/** The last lines of a node's log that an error quotes. */
const LOG_LINES_KEPT = 20;

export interface NodeProcessOptions {
  readonly nodeId: number;
  readonly dataDir: string;
  /** A name, or the path of a network file. */
  readonly network?: string;
  /** `HOST:PORT` of nodes to connect to; none: the node stands alone until others come. */
  readonly seeds: readonly string[];
  /** A light node instead of one with all blocks. */
  readonly spv?: boolean;
  /** Lets peers filter by Bloom filters, so that `pier verify` finds any transaction. */
  readonly peerBloomFilters?: boolean;
  readonly minerAddress?: string;
  readonly mineAtTxs?: number;
  readonly minerThreads?: number;
  /** Default true. */
  readonly blockFilterIndex?: boolean;
  readonly logLevel?: LogLevel;
  /** Called with each line of the node's log. */
  readonly onLog?: (line: string) => void;
}

/** What `pier startnode --json` prints once the node serves. */
export interface ReadyLine {
  readonly event: 'ready';
  readonly pid: number;
  readonly p2p: string;
  readonly rpc: { readonly host: string; readonly port: number; readonly cookieFile: string };
}

/** The built command; under a test runner, which loads the sources, it is the one that was built before. */
function cliPath(): string {
  return fileURLToPath(new URL('../cli/main.js', import.meta.url).href.replace('/src/', '/dist/'));
}

/** The environment of a child: this process's, without what would name another node. */
function childEnvironment(nodeId: number): NodeJS.ProcessEnv {
  const { PIER_DATADIR: _dataDir, PIER_NETWORK: _network, ...rest } = process.env;
  return { ...rest, NODE_ID: String(nodeId) };
}

/** One `pier startnode` in a process of its own, which ends when this process does. */
export class NodeProcess {
  readonly options: NodeProcessOptions;
  readonly rpc: RpcClient;
  readonly p2p: string;
  readonly exited: Promise<void>;
  readonly #child: ChildProcess;

  private constructor(options: NodeProcessOptions, child: ChildProcess, exited: Promise<void>, ready: ReadyLine) {
    this.options = options;
    this.#child = child;
    this.exited = exited;
    this.p2p = ready.p2p;
    this.rpc = new RpcClient(ready.rpc);
  }

  get nodeId(): number {
    return this.options.nodeId;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts the node and waits until it serves. Throws `PierError` 'node-failed' with the end of its log otherwise. */
  static async start(options: NodeProcessOptions): Promise<NodeProcess> {
    const args = ['startnode', '--json', '--with-parent', '--datadir', options.dataDir];
    args.push('--network', options.network ?? DEFAULT_NETWORK, '--log-level', options.logLevel ?? 'info');
    if (options.seeds.length === 0) args.push('--no-seed');
    for (const seed of options.seeds) args.push('--seed', seed);
    if (options.spv) args.push('--spv');
    if (options.peerBloomFilters) args.push('--peerbloomfilters');
    if (options.minerAddress !== undefined) args.push('--miner', options.minerAddress);
    if (options.mineAtTxs !== undefined) args.push('--mine-at-txs', String(options.mineAtTxs));
    if (options.minerThreads !== undefined) args.push('--miner-threads', String(options.minerThreads));
    if (options.blockFilterIndex === false) args.push('--no-blockfilterindex');

    const child = spawn(process.execPath, [cliPath(), ...args], {
      env: childEnvironment(options.nodeId),
      // The pipe to its stdin is what tells the node that its parent is gone.
      stdio: ['pipe', 'pipe', 'pipe'],
    });
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
            hint: 'The lines above are the end of its log.',
          }),
        );
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        fail(`was not ready after ${READY_TIMEOUT_MS / 1000} s`);
      }, READY_TIMEOUT_MS);
      child.once('error', (error) => fail(`could not be started: ${error.message}`));
      void exited.then(() => {
        clearTimeout(timer);
        fail(`ended before it was ready (${child.signalCode ?? `exit code ${child.exitCode}`})`);
      });
      createInterface({ input: child.stdout! }).once('line', (line) => {
        clearTimeout(timer);
        resolve(JSON.parse(line) as ReadyLine);
      });
    });
    return new NodeProcess(options, child, exited, ready);
  }

  /** Asks the node to stop and waits until its process has ended; kills it if it will not. */
  async stop(): Promise<void> {
    if (!this.running) return this.exited;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.exited;
    clearTimeout(timer);
  }

  /** Ends the process as a power cut would (SIGKILL) and waits until it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }
}

/** Runs one `pier` command to its end, with `input` on its stdin, and returns what it printed with `--json`. */
export async function runPier<T>(nodeId: number, args: readonly string[], input = ''): Promise<T> {
  const child = spawn(process.execPath, [cliPath(), ...args, '--json'], {
    env: childEnvironment(nodeId),
    stdio: 'pipe',
  });
  child.stdin.on('error', () => {}).end(input);
  const { code, stdout, stderr } = await untilFinished(child);
  if (code !== 0) throw commandError(`NODE_ID=${nodeId} pier ${args.join(' ')}`, stderr);
  return JSON.parse(stdout) as T;
}

/** The error that a command printed with `--json`, with its own code; whatever else it printed otherwise. */
function commandError(command: string, stderr: string): PierError {
  const line = stderr.trimEnd().split('\n').at(-1) ?? '';
  try {
    const { error } = JSON.parse(line) as { error: { code: string; message: string; hint?: string } };
    return new PierError(error.code, error.message, error.hint === undefined ? {} : { hint: error.hint });
  } catch {
    return new PierError('command-failed', `${command}: ${stderr.trim()}`);
  }
}
