import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { RpcClient } from '../../api/client/rpc-client.ts';
import { LOOPBACK } from '../../node/config.ts';
import { PierError } from '../../platform/errors.ts';
import { NodeChild } from './node-child.ts';
import type { OrphanWatcher } from './orphan-watcher.ts';

/** Milliseconds a bitcoind may take to be ready before it is killed. */
const READY_TIMEOUT_MS = 60_000;
/** Milliseconds a bitcoind may take to stop after SIGTERM before it is killed. */
const STOP_TIMEOUT_MS = 30_000;
/** Milliseconds between attempts to call a bitcoind that starts. */
const READY_POLL_MS = 20;
/** Last lines of the log that an error quotes. */
const LOG_LINES_KEPT = 20;

/** A user of a bitcoind's RPC. */
export interface BitcoindCredentials {
  readonly user: string;
  /** Hex digits. */
  readonly password: string;
}

/** Returns credentials with a new password. */
export function newCredentials(): BitcoindCredentials {
  return { user: 'pier', password: randomBytes(32).toString('hex') };
}

/** How a bitcoind is started. */
export interface BitcoindOptions {
  /** Name of the node, for errors. */
  readonly name: string;
  /** Path of the executable. */
  readonly program: string;
  /** An existing folder. */
  readonly dataDir: string;
  readonly port: number;
  readonly rpcPort: number;
  /** What RPC accepts besides the cookie, which is a new one at each start. */
  readonly credentials: BitcoindCredentials;
  /** Seconds since the Unix epoch; undefined for the system's time. */
  readonly time: number | undefined;
  /** Ends the process when this one ends. */
  readonly watcher: OrphanWatcher;
  /** Receives each line of its log. */
  readonly onLog?: ((line: string) => void) | undefined;
}

/** Returns the path of the file with a bitcoind's credentials. */
export function bitcoindCookie(dataDir: string): string {
  return join(dataDir, 'regtest', '.cookie');
}

/** A bitcoind on regtest in a child process. */
export class BitcoindProcess extends NodeChild {
  readonly rpc: RpcClient;

  private constructor(child: ChildProcess, exited: Promise<void>, rpc: RpcClient) {
    super(child, exited, STOP_TIMEOUT_MS);
    this.rpc = rpc;
  }

  /**
   * Starts it and waits until it answers calls and has loaded its mempool. Throws `PierError` 'node-failed' with the end
   * of its log if it fails.
   */
  static async start(options: BitcoindOptions): Promise<BitcoindProcess> {
    const { name, dataDir, rpcPort, watcher, onLog } = options;
    const cookieFile = bitcoindCookie(dataDir);
    // A killed process leaves it behind.
    await rm(cookieFile, { force: true });
    const child = spawn(options.program, bitcoindArguments(options), { stdio: ['ignore', 'pipe', 'pipe'] });
    if (child.pid !== undefined) watcher.watch(child.pid);
    const lastLines: string[] = [];
    for (const output of [child.stdout, child.stderr]) {
      createInterface({ input: output }).on('line', (line) => {
        lastLines.push(line);
        if (lastLines.length > LOG_LINES_KEPT) lastLines.shift();
        onLog?.(line);
      });
    }
    let failure: string | undefined;
    child.once('error', ({ message }) => {
      failure = `could not be started: ${message}`;
    });
    const exited = new Promise<void>((resolve) => {
      child.once('close', () => {
        watcher.release();
        failure ??= `exited before it was ready (${child.signalCode ?? `exit code ${child.exitCode}`})`;
        resolve();
      });
    });
    const started = new BitcoindProcess(child, exited, new RpcClient({ host: LOOPBACK, port: rpcPort, cookieFile }));
    const deadline = performance.now() + READY_TIMEOUT_MS;
    while (failure === undefined && !(await started.#isReady())) {
      if (performance.now() > deadline) failure = `was not ready within ${READY_TIMEOUT_MS / 1000} s`;
      else await delay(READY_POLL_MS);
    }
    if (failure === undefined) return started;
    await started.kill();
    throw new PierError('node-failed', `bitcoind ${name} ${failure}\n${lastLines.join('\n')}`.trimEnd(), {
      hint: `These lines are the end of its log. The program is ${options.program}.`,
    });
  }

  async #isReady(): Promise<boolean> {
    try {
      return (await this.rpc.call<{ loaded: boolean }>('getmempoolinfo')).loaded;
    } catch {
      // Its port is closed, or it is warming up.
      return false;
    }
  }
}

function bitcoindArguments({ dataDir, port, rpcPort, credentials, time }: BitcoindOptions): string[] {
  return [
    '-regtest',
    `-datadir=${dataDir}`,
    // In a data directory that stays, a user may put one, which must not change the network.
    '-noconf',
    '-server',
    `-rpcport=${rpcPort}`,
    `-rpcbind=${LOOPBACK}`,
    `-rpcallowip=${LOOPBACK}`,
    `-rpcauth=${rpcAuth(credentials)}`,
    // The headers of a reorganisation are requested at once.
    '-rpcworkqueue=1024',
    '-listen',
    `-port=${port}`,
    `-bind=${LOOPBACK}:${port}`,
    // Only the connections of the network's links.
    ...['-connect=0', '-dnsseed=0', '-fixedseeds=0', '-discover=0', '-dns=0', '-listenonion=0', '-natpmp=0'],
    // Transactions are announced and requested at once, whether the clock runs or not.
    `-whitelist=in,out,noban@${LOOPBACK}`,
    // Timeouts of connections follow the clock that is set, which may jump.
    '-peertimeout=999999999',
    // Light nodes need them.
    ...['-blockfilterindex', '-peerblockfilters'],
    '-fallbackfee=0.0001',
    '-printtoconsole',
    '-nodebuglogfile',
    ...(time === undefined ? [] : [`-mocktime=${time}`]),
  ];
}

/** Returns credentials as bitcoind takes them, without the password, which all users of the machine could read. */
function rpcAuth({ user, password }: BitcoindCredentials): string {
  const salt = randomBytes(16).toString('hex');
  return `${user}:${salt}$${createHmac('sha256', salt).update(password).digest('hex')}`;
}
