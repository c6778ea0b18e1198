import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { bitcoindDir, requireOracles } from './oracles.ts';
import { freePort, waitFor } from './wait.ts';

/** `describe`, skipped with a note if bitcoind is absent; a failure if PIER_REQUIRE_ORACLES=1. */
export function describeBitcoind(name: string, body: () => void, options: { readonly timeout?: number } = {}): void {
  if (bitcoindDir !== undefined) {
    describe(name, options, body);
  } else if (requireOracles) {
    describe(name, () => {
      it('needs bitcoind', () => {
        throw new Error('bitcoind is absent, and PIER_REQUIRE_ORACLES=1: set PIER_BITCOIND_DIR to its folder');
      });
    });
  } else {
    describe.skip(`${name} (skipped: bitcoind is absent)`, () => it('is skipped', () => {}));
  }
}

/** An error response of bitcoind's JSON-RPC. */
export class BitcoindRpcError extends Error {
  readonly code: number;

  constructor(method: string, code: number, message: string) {
    super(message);
    this.name = `BitcoindRpcError (${method}: ${code})`;
    this.code = code;
  }
}

/** A method and its positional arguments. */
export type RpcCall = readonly [method: string, ...params: unknown[]];

/** Options of `startBitcoind`. */
export interface BitcoindOptions {
  /** Core's name of the network (`-chain`); default regtest. */
  readonly network?: string;
  /** Further arguments, such as `-txindex`. They override the harness's own. */
  readonly args?: readonly string[];
}

/** The output and exit code of a program. */
export interface CliResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** Runs a program and resolves when it exits, with any exit code. Rejects if it cannot be started. */
export function runProgram(file: string, args: readonly string[]): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ stdout, stderr, exitCode: error ? Number(error.code) : 0 });
    });
  });
}

/** Runs bitcoin-cli with exactly `args`, which select the server. */
export function bitcoinCli(args: readonly string[]): Promise<CliResult> {
  return runProgram(join(bitcoindDir ?? '', 'bitcoin-cli'), args);
}

/** A running bitcoind, by default on regtest, with a temporary data directory. */
export class Bitcoind {
  readonly host = '127.0.0.1';
  /** The P2P port. */
  readonly port: number;
  readonly rpcPort: number;
  readonly dataDir: string;
  readonly pid: number;
  /** Path of the file with its RPC credentials. */
  readonly cookieFile: string;
  readonly #child: ChildProcess;
  readonly #reaper: ChildProcess;
  readonly #authorization: string;
  readonly #agent = new Agent({ keepAlive: true });
  #rpcId = 0;

  private constructor(
    child: ChildProcess,
    reaper: ChildProcess,
    fields: { port: number; rpcPort: number; dataDir: string; pid: number; cookieFile: string; cookie: string },
  ) {
    this.#child = child;
    this.#reaper = reaper;
    this.port = fields.port;
    this.rpcPort = fields.rpcPort;
    this.dataDir = fields.dataDir;
    this.pid = fields.pid;
    this.cookieFile = fields.cookieFile;
    this.#authorization = `Basic ${Buffer.from(fields.cookie).toString('base64')}`;
  }

  /** Starts bitcoind and resolves once it answers RPC. Retries if another process takes one of its ports. */
  static async start(options: BitcoindOptions = {}): Promise<Bitcoind> {
    if (bitcoindDir === undefined) throw new Error('bitcoind is absent: use describeBitcoind');
    for (let attempt = 1; ; attempt++) {
      try {
        return await Bitcoind.#start(bitcoindDir, options);
      } catch (error) {
        const portTaken = error instanceof Error && /Unable to bind/.test(error.message);
        if (!portTaken || attempt === 3) throw error;
      }
    }
  }

  static async #start(programs: string, { network = 'regtest', args = [] }: BitcoindOptions): Promise<Bitcoind> {
    const dataDir = await mkdtemp(join(tmpdir(), 'pier-bitcoind-'));
    const [port, rpcPort] = await Promise.all([freePort(), freePort()]);
    const child = spawn(
      join(programs, 'bitcoind'),
      [
        `-chain=${network}`,
        `-datadir=${dataDir}`,
        `-bind=127.0.0.1:${port}`,
        `-rpcport=${rpcPort}`,
        '-rpcbind=127.0.0.1',
        '-rpcallowip=127.0.0.1',
        '-server',
        '-listen',
        '-listenonion=0',
        '-discover=0',
        '-dns=0',
        '-dnsseed=0',
        '-fixedseeds=0',
        '-natpmp=0',
        '-fallbackfee=0.0001',
        '-rpcworkqueue=256',
        '-printtoconsole=0',
        // Self-checks, on by default on regtest: each block would make bitcoind walk its whole chain.
        '-checkblockindex=0',
        '-checkmempool=0',
        ...args,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-4000);
    });
    let spawnError: Error | undefined;
    child.once('error', (error) => {
      spawnError = error;
    });
    const reaper = startReaper(child.pid, dataDir);
    const folder = network === 'main' ? '' : network === 'test' ? 'testnet3' : network;
    const cookieFile = join(dataDir, folder, '.cookie');
    try {
      const cookie = await waitFor(
        async () => {
          if (spawnError) throw spawnError;
          if (child.exitCode !== null || child.signalCode !== null) {
            throw new Error(`bitcoind ended at its start (${child.exitCode ?? child.signalCode}): ${stderr}`);
          }
          return await readFile(cookieFile, 'utf8').catch(() => undefined);
        },
        { timeoutMs: 30_000, describe: () => `bitcoind's cookie; ${stderr}` },
      );
      const fields = { port, rpcPort, dataDir, pid: child.pid ?? 0, cookieFile, cookie };
      const node = new Bitcoind(child, reaper, fields);
      await waitFor(() => node.#isReady(), { timeoutMs: 30_000, describe: () => `bitcoind's RPC; ${stderr}` });
      return node;
    } catch (error) {
      await end(child, reaper, dataDir);
      throw error;
    }
  }

  async #isReady(): Promise<boolean> {
    if (this.#child.exitCode !== null) throw new Error('bitcoind ended while it started');
    try {
      await this.rpc('getblockcount');
      return true;
    } catch (error) {
      // The RPC port is closed, or bitcoind is warming up (RPC_IN_WARMUP).
      if (error instanceof TypeError || (error instanceof BitcoindRpcError && error.code === -28)) return false;
      throw error;
    }
  }

  get endpoint(): { host: string; port: number } {
    return { host: this.host, port: this.port };
  }

  /** Calls a method with positional arguments; throws `BitcoindRpcError`. */
  rpc<T = unknown>(method: string, ...params: readonly unknown[]): Promise<T> {
    return this.call<T>(method, params);
  }

  /** Calls a method with positional or named arguments, on the endpoint of `wallet` if given. */
  async call<T = unknown>(method: string, params: readonly unknown[] | object = [], wallet?: string): Promise<T> {
    const text = await this.callText(method, params, wallet);
    const reply = JSON.parse(text) as { result: T; error: { code: number; message: string } | null };
    if (reply.error) throw new BitcoindRpcError(method, reply.error.code, reply.error.message);
    return reply.result;
  }

  /**
   * Calls several methods in one request, in their order, on the endpoint of `wallet` if given. Errors are returned in
   * their places.
   */
  async batch(calls: readonly RpcCall[], wallet?: string): Promise<(unknown | BitcoindRpcError)[]> {
    const requests = calls.map(([method, ...params], id) => ({ id, method, params }));
    const text = await this.#postOnKeptConnection(walletPath(wallet), JSON.stringify(requests));
    const replies = JSON.parse(text) as { result: unknown; error: { code: number; message: string } | null }[];
    return replies.map(({ result, error }, i) =>
      error ? new BitcoindRpcError(calls[i]![0], error.code, error.message) : result,
    );
  }

  /** Returns the raw response body, which keeps what parsing loses: the digits of amounts and the order of keys. */
  async callText(method: string, params: readonly unknown[] | object = [], wallet?: string): Promise<string> {
    return (await this.post(walletPath(wallet), JSON.stringify({ id: ++this.#rpcId, method, params }))).text();
  }

  /** Posts a body and returns that of the response. For many requests: `fetch` takes longer than most methods. */
  #postOnKeptConnection(path: string, body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const { host, rpcPort: port } = this;
      const headers = { authorization: this.#authorization, 'content-type': 'application/json' };
      const outgoing = request({ host, port, method: 'POST', path, headers, agent: this.#agent }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.once('end', () => resolve(text)).once('error', reject);
      });
      outgoing.once('error', reject).end(body);
    });
  }

  /** Posts a body to the RPC port, with credentials. */
  post(path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`http://${this.host}:${this.rpcPort}${path}`, {
      method: 'POST',
      headers: { authorization: this.#authorization, 'content-type': 'application/json', ...headers },
      body,
    });
  }

  /** Returns the wallet of this name; creates it if it does not exist. */
  async wallet(name = 'test'): Promise<BitcoindWallet> {
    const loaded = await this.rpc<string[]>('listwallets');
    if (!loaded.includes(name)) await this.rpc('createwallet', name);
    return new BitcoindWallet(this, name);
  }

  /** Mines `count` blocks to `address` (default: an unspendable one) and returns their hashes. */
  mine(count: number, address = UNSPENDABLE_ADDRESS): Promise<string[]> {
    return this.rpc<string[]>('generatetoaddress', count, address);
  }

  /** Runs bitcoin-cli on this node. */
  cli(...args: readonly string[]): Promise<CliResult> {
    return bitcoinCli(['-regtest', `-datadir=${this.dataDir}`, `-rpcport=${this.rpcPort}`, ...args]);
  }

  /** Stops the process and removes its data directory. */
  stop(): Promise<void> {
    this.#agent.destroy();
    return end(this.#child, this.#reaper, this.dataDir);
  }
}

/** P2WPKH of twenty zero bytes, on regtest: no key has this hash. */
const UNSPENDABLE_ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202';

/** A wallet of a bitcoind. */
export class BitcoindWallet {
  readonly node: Bitcoind;
  readonly name: string;

  constructor(node: Bitcoind, name: string) {
    this.node = node;
    this.name = name;
  }

  /** Calls an RPC method on this wallet. */
  rpc<T = unknown>(method: string, ...params: readonly unknown[]): Promise<T> {
    return this.node.call<T>(method, params, this.name);
  }

  newAddress(type: 'legacy' | 'p2sh-segwit' | 'bech32' | 'bech32m' = 'bech32'): Promise<string> {
    return this.rpc<string>('getnewaddress', '', type);
  }

  /** Mines `count` blocks to a new address of this wallet and returns their hashes. */
  async mine(count: number): Promise<string[]> {
    return this.node.mine(count, await this.newAddress());
  }
}

function walletPath(wallet: string | undefined): string {
  return wallet === undefined ? '/' : `/wallet/${encodeURIComponent(wallet)}`;
}

/** Whether the bitcoind is Bitcoin Knots, which has options that Bitcoin Core does not know. */
export function isKnots(): boolean {
  return execFileSync(join(bitcoindDir ?? '', 'bitcoind'), ['--version'], { encoding: 'utf8' }).includes('Knots');
}

/** Starts a bitcoind. The caller must end it with `stop()`. */
export function startBitcoind(options: BitcoindOptions = {}): Promise<Bitcoind> {
  return Bitcoind.start(options);
}

/**
 * A shell command that cleans up if this process dies without `stop()`. Its standard input, a pipe from this process,
 * then closes; the shell kills the child and removes the directory. After the line `done` it exits and does neither.
 */
export const reaperCommand = [
  '/bin/sh',
  '-c',
  'read -r line; [ "$line" = done ] || { kill -9 "$1" 2>/dev/null; rm -rf -- "$2"; }',
  'reaper',
] as const;

function startReaper(pid: number | undefined, dataDir: string): ChildProcess {
  const [shell, ...args] = reaperCommand;
  const reaper = spawn(shell, [...args, String(pid ?? ''), dataDir], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  reaper.on('error', () => {});
  reaper.stdin?.on('error', () => {});
  reaper.unref();
  return reaper;
}

async function end(child: ChildProcess, reaper: ChildProcess, dataDir: string): Promise<void> {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const killTimer = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await exited;
    clearTimeout(killTimer);
  }
  reaper.stdin?.end('done\n');
  await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
}
