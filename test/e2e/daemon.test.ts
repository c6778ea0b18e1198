import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { RpcClient } from '../../src/api/client/rpc-client.ts';
import { bitcoinCli, describeBitcoind, runProgram, startBitcoind } from '../support/bitcoind.ts';
import { tempDir } from '../support/temp-dir.ts';
import { freePort, waitFor } from '../support/wait.ts';

const pierd = fileURLToPath(new URL('../../bin/pierd.js', import.meta.url));

/** Processes of a test, which end with it. */
const running: ChildProcess[] = [];
afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  }
});

/** A data directory with a configuration file for ports of its own. */
async function dataDirectory(...lines: string[]): Promise<string> {
  const folder = tempDir('daemon');
  const ports = [`port=${await freePort()}`, `rpcport=${await freePort()}`];
  writeFileSync(join(folder, 'bitcoin.conf'), ['regtest=1', '[regtest]', ...ports, ...lines, ''].join('\n'));
  return folder;
}

/** Starts the daemon. Resolves when it is ready; rejects with what it says if it ends before. */
async function start(folder: string, ...args: string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [pierd, `-datadir=${folder}`, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  let text = '';
  await new Promise<void>((resolve, reject) => {
    const onData = (data: Buffer) => {
      text += data;
      if (text.includes('init message: Done loading')) resolve();
    };
    child.stdout!.on('data', onData);
    child.stderr!.on('data', onData);
    child.once('exit', (code) => reject(new Error(`exit code ${code}: ${text}`)));
  });
  return child;
}

const exitCode = async (child: ChildProcess) =>
  child.exitCode === null ? (await once(child, 'exit'))[0] : child.exitCode;
const logOf = (folder: string) => readFileSync(join(folder, 'regtest', 'debug.log'), 'utf8');
const fail = async (...args: string[]) => {
  const { stderr, exitCode: code } = await runProgram(process.execPath, [pierd, ...args]);
  expect(code).toBe(1);
  return stderr.trim();
};

describeBitcoind('pierd, by bitcoin-cli with its data directory alone', () => {
  const cli = async (folder: string, ...args: string[]) => {
    const result = await bitcoinCli([`-datadir=${folder}`, ...args]);
    expect(result.stderr).toBe('');
    return result.stdout.trim();
  };

  it('starts at genesis, mines, stops, and goes on where it was', async () => {
    const folder = await dataDirectory();
    const first = await start(folder);
    expect(await cli(folder, 'getblockcount')).toBe('0');
    const regtest = join(folder, 'regtest');
    expect(readFileSync(join(regtest, 'bitcoind.pid'), 'utf8')).toBe(`${first.pid}\n`);
    expect(statSync(join(regtest, '.cookie')).mode & 0o777).toBe(0o600);
    await cli(folder, 'createwallet', 'w');
    const { blocks } = JSON.parse(await cli(folder, '-generate', '2')) as { blocks: string[] };
    expect(await cli(folder, 'stop')).toBe('Pier stopping');
    expect(await exitCode(first)).toBe(0);
    expect(existsSync(join(regtest, '.cookie'))).toBe(false);
    expect(existsSync(join(regtest, 'bitcoind.pid'))).toBe(false);
    const lines = logOf(folder).split('\n');
    const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`;
    expect(lines.filter((line) => line.includes('UpdateTip'))).toEqual([
      expect.stringMatching(
        new RegExp(
          `^${time} UpdateTip: new best=${blocks[0]} height=1 version=0x20000000 log2_work=2.000000 tx=2 date='${time}' progress=1.000000$`,
        ),
      ),
      expect.stringContaining(`new best=${blocks[1]} height=2 version=0x20000000 log2_work=2.584963 tx=3`),
    ]);
    expect(lines.at(-2)).toMatch(/Shutdown: done$/);

    const second = await start(folder, '-server=1', '-debuglogfile=other.log');
    expect(await cli(folder, 'getbestblockhash')).toBe(blocks[1]);
    expect(await cli(folder, 'listwallets')).toContain('"w"');
    second.kill('SIGTERM');
    expect(await exitCode(second)).toBe(0);
    expect(existsSync(join(regtest, 'other.log'))).toBe(true);
    expect(logOf(folder).split('\n')).toHaveLength(lines.length);
  });

  it('runs in the background, and says at once whether it is ready', { timeout: 60_000 }, async () => {
    const folder = await dataDirectory();
    const started = await runProgram(process.execPath, [pierd, `-datadir=${folder}`, '-daemonwait']);
    expect(started).toEqual({ stdout: 'Pier starting\n', stderr: '', exitCode: 0 });
    expect(await cli(folder, 'getblockcount')).toBe('0');
    const second = await runProgram(process.execPath, [pierd, `-datadir=${folder}`, '-daemonwait']);
    expect(second.exitCode).toBe(1);
    expect(second.stderr).toContain('Error: ');
    const pid = Number(readFileSync(join(folder, 'regtest', 'bitcoind.pid'), 'utf8'));
    await cli(folder, 'stop');
    await waitFor(() => !isAlive(pid));
  });

  it('connects to a bitcoind, downloads its chain, and is one of its peers', { timeout: 60_000 }, async () => {
    const bitcoind = await startBitcoind();
    await bitcoind.call('generatetodescriptor', [3, 'raw(51)']);
    const folder = await dataDirectory(`connect=127.0.0.1:${bitcoind.port}`, 'rpcuser=u', 'rpcpassword=p');
    const child = await start(folder, '-debug=net', '-logtimemicros', '-uacomment=shop; one');
    await waitFor(async () => (await cli(folder, 'getblockcount')) === '3');
    expect(existsSync(join(folder, 'regtest', '.cookie'))).toBe(false);
    const peers = (await bitcoind.call('getpeerinfo')) as { subver: string; inbound: boolean }[];
    expect(peers.map(({ subver, inbound }) => [subver, inbound])).toEqual([
      ['/Satoshi:30.0.0(Pier:0.1.0; shop; one)/', true],
    ]);
    expect(logOf(folder)).toMatch(/Z New manual v2 peer connected: version: 70016, blocks=3, peer=0\n/);
    expect(logOf(folder)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z /);
    child.kill('SIGTERM');
    expect(await exitCode(child)).toBe(0);
    await bitcoind.stop();
  });
});

describe('pierd', () => {
  it('runs commands when it is ready, for each block, and when it stops', async () => {
    const folder = await dataDirectory();
    const file = (name: string) => join(folder, name);
    const said = (name: string) => (existsSync(file(name)) ? readFileSync(file(name), 'utf8') : '');
    const child = await start(
      folder,
      ...[
        '-startupnotify=echo ready > "%d/ready"',
        '-shutdownnotify=echo stopping > "%d/stopping"',
        '-blocknotify=echo %s >> "%d/blocks"',
      ].map((option) => option.replace('%d', folder)),
    );
    await waitFor(() => said('ready') === 'ready\n');
    const { call } = rpcOf(folder);
    const [hash] = (await call('generatetoaddress', [1, 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'])) as string[];
    await waitFor(() => said('blocks') === `${hash}\n`);
    child.kill('SIGTERM');
    expect(await exitCode(child)).toBe(0);
    expect(said('stopping')).toBe('stopping\n');
  });

  it('serves no calls and accepts no peers where it shall not', async () => {
    const folder = await dataDirectory('server=0', 'listen=0');
    const child = await start(folder);
    expect(existsSync(join(folder, 'regtest', '.cookie'))).toBe(false);
    expect(logOf(folder)).not.toContain('listening');
    child.kill('SIGTERM');
    expect(await exitCode(child)).toBe(0);
  });

  it('says what it cannot do, by its reason, and what it ignores', async () => {
    const folder = await dataDirectory();
    const by = (...args: string[]) => fail(`-datadir=${folder}`, ...args);
    expect(await by('-txindex')).toBe('Error: Option -txindex is not supported: there is no index of transactions.');
    expect(await by('-rpcthreads=4', '-notxindex', '-txindex=0', '-prune=0', '-walletrbf', '-maxmempool=4')).toBe(
      'Warning: Option -rpcthreads is ignored: calls share the main thread in slices.\nError: -maxmempool must be at least 5 MB',
    );
    mkdirSync(join(folder, 'regtest'), { recursive: true });
    writeFileSync(join(folder, 'regtest', 'blockchain.db'), 'x'.repeat(10_000));
    expect(await by()).toMatch(/^Error: .*blockchain\.db/);
  });

  it('prints its version and its options', async () => {
    const printed = async (word: string) => (await runProgram(process.execPath, [pierd, word])).stdout;
    expect(await printed('-version')).toMatch(/^Pier daemon version v\d+\.\d+\.\d+\n$/);
    const help = await printed('-help');
    expect(help).toContain('\nRPC server options:\n\n  -rest\n');
    expect(help).not.toContain('-mocktime');
    expect(await printed('-help-debug')).toContain('  -mocktime=<n>\n');
    expect(help.split('\n').filter((line) => line.length > 79 && line.startsWith('       '))).toEqual([]);
  });
});

/** Calls methods of the daemon with the cookie in its folder. */
function rpcOf(folder: string) {
  const port = Number(/rpcport=(\d+)/.exec(readFileSync(join(folder, 'bitcoin.conf'), 'utf8'))![1]);
  const client = new RpcClient({ host: '127.0.0.1', port, cookieFile: join(folder, 'regtest', '.cookie') });
  return { call: (method: string, params: unknown[]) => client.call(method, params as never) };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
