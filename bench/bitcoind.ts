import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RpcClient } from 'pier/api';

/** Options that make bitcoind as fast on regtest as on mainnet: no self-checks, and old tips do not delay the sync. */
const FAIR = ['-checkmempool=0', '-checkblockindex=0', '-assumevalid=0', '-maxtipage=1000000000'];

/** A bitcoind process to compare with. Its data directory is temporary and removed by `stop`. */
export class Bitcoind {
  readonly p2p: string;
  readonly rpc: RpcClient;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #dataDir: string;

  private constructor(child: ChildProcess, dataDir: string, port: number, rpcPort: number) {
    this.pid = child.pid!;
    this.#child = child;
    this.#dataDir = dataDir;
    this.p2p = `127.0.0.1:${port}`;
    this.rpc = new RpcClient({ host: '127.0.0.1', port: rpcPort, cookieFile: join(dataDir, 'regtest', '.cookie') });
  }

  /** Starts bitcoind; resolves once it answers RPC. Throws if it exits. */
  static async start(): Promise<Bitcoind> {
    const dataDir = await mkdtemp(join(tmpdir(), 'pier-bench-bitcoind-'));
    const [port, rpcPort] = [await freePort(), await freePort()];
    const child = spawn(
      bitcoindPath(),
      [
        ...['-regtest', `-datadir=${dataDir}`, `-bind=127.0.0.1:${port}`, `-rpcport=${rpcPort}`, '-server'],
        ...['-listenonion=0', '-discover=0', '-dnsseed=0', '-fixedseeds=0', '-natpmp=0', '-printtoconsole=0'],
        ...['-rpcthreads=4', ...FAIR],
      ],
      { stdio: 'ignore' },
    );
    process.once('exit', () => child.kill('SIGKILL'));
    const bitcoind = new Bitcoind(child, dataDir, port, rpcPort);
    for (;;) {
      if (child.exitCode !== null) throw new Error(`bitcoind exited at its start with code ${child.exitCode}`);
      try {
        await bitcoind.rpc.call('getblockcount');
        return bitcoind;
      } catch {
        await delay(50);
      }
    }
  }

  /** Stops bitcoind and removes its data directory. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    if (this.#child.exitCode === null) await new Promise((resolve) => this.#child.once('close', resolve));
    await rm(this.#dataDir, { recursive: true, force: true });
  }
}

/** Returns the path of bitcoind: in PIER_BITCOIND_DIR if set, otherwise in the cache or on PATH. */
function bitcoindPath(): string {
  const named = process.env.PIER_BITCOIND_DIR;
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'bitcoind', 'bin');
  const folders = named === undefined ? [cache, ...(process.env.PATH ?? '').split(delimiter)] : [named];
  const folder = folders.find((each) => each !== '' && existsSync(join(each, 'bitcoind')));
  if (folder === undefined) throw new Error('bitcoind not found: set PIER_BITCOIND_DIR to the folder that contains it');
  return join(folder, 'bitcoind');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
