import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { RpcClient } from '../../src/api/client/rpc-client.ts';
import { freeNodeIds } from '../../src/devnet/processes/ports.ts';
import { RPC_PORT_OFFSET } from '../../src/node/config.ts';
import { atFileEnd } from '../support/file-end.ts';
import { pier, pierPath } from '../support/pier.ts';
import { pierInProcess } from '../support/pier-in-process.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

const ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202';
const isLinux = process.platform === 'linux';

const dataDir = tempDir('output');
let nodeId: number;

beforeAll(async () => {
  [nodeId] = (await freeNodeIds(1)) as [number];
  const env = { NODE_ID: String(nodeId), PIER_DATADIR: dataDir };
  const { code, stderr } = await pierInProcess(['createblockchain', '--address', ADDRESS], env);
  expect([code, stderr]).toEqual([0, '']);
  expect((await pierInProcess(['createwallet', '--name', 'w'], env)).code).toBe(0);
});

const environment = () => ({ ...process.env, NODE_ID: String(nodeId), PIER_DATADIR: dataDir });

function run(...args: string[]) {
  return pier(args, { NODE_ID: String(nodeId), PIER_DATADIR: dataDir });
}

/** Runs `pier ARGS` in bash; `redirection` follows the command. Returns its exit code and stderr. */
async function inShell(args: readonly string[], redirection: string): Promise<{ code: number; stderr: string }> {
  const script = `"$0" "$@" ${redirection}; echo "code \${PIPESTATUS[0]}" >&2`;
  const child = spawn('bash', ['-c', script, process.execPath, pierPath, ...args], {
    env: environment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  await new Promise((resolve) => child.once('close', resolve));
  const [, text, code] = /^(.*)code (\d+)\n$/s.exec(stderr)!;
  return { code: Number(code), stderr: text! };
}

interface RunningNode {
  readonly child: ChildProcess;
  readonly rpc: RpcClient;
  /** Resolves to the exit code, or to the signal that ended the process. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** Starts the node with this stderr, and waits for its RPC. */
async function startNode(stderr: 'pipe' | number, ...args: string[]): Promise<RunningNode> {
  const child = spawn(process.execPath, [pierPath, 'startnode', '--no-seed', ...args], {
    env: environment(),
    stdio: ['ignore', 'pipe', stderr],
  });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal));
  });
  atFileEnd(() => {
    child.kill('SIGKILL');
  });
  const port = nodeId + RPC_PORT_OFFSET;
  const rpc = new RpcClient({ host: '127.0.0.1', port, cookieFile: join(dataDir, `.cookie_${nodeId}`) });
  const answers = () =>
    rpc.call('uptime').then(
      () => true,
      () => false,
    );
  await waitFor(answers, { timeoutMs: 30_000, describe: 'the node' });
  return { child, rpc, ended };
}

/** A transaction whose input does not exist. */
const UNKNOWN_INPUT = `02000000${'01'}${'77'.repeat(32)}00000000${'00'}ffffffff${'01'}0000000000000000${'01'}51${'00000000'}`;

/** Makes the node log this many lines of some 300 bytes: a refusal each. */
async function fillLog(lines: number): Promise<void> {
  const cookie = readFileSync(join(dataDir, `.cookie_${nodeId}`), 'utf8');
  const headers = { authorization: `Basic ${Buffer.from(cookie).toString('base64')}` };
  const batch = Array.from({ length: 1000 }, (_, id) => ({
    id,
    method: 'sendrawtransaction',
    params: [UNKNOWN_INPUT],
  }));
  for (let i = 0; i < lines; i += batch.length) {
    const reply = await fetch(`http://127.0.0.1:${nodeId + RPC_PORT_OFFSET}/`, {
      method: 'POST',
      headers,
      body: JSON.stringify(batch),
    });
    expect(await reply.json()).toHaveLength(batch.length);
  }
}

describe('stdout', () => {
  const commands = [
    ['printchain'],
    ['printchain', '--json'],
    ['getbalance'],
    ['listaddresses'],
    ['showmnemonic', '--json'],
    ['createwallet', '--json'],
    ['reindexutxo'],
    ['help'],
    ['--version'],
  ];

  it.runIf(isLinux)('on a full disk: every command says so and exits with 1', { timeout: 120_000 }, async () => {
    for (const args of commands) {
      const { code, stderr } = await inShell(args, '> /dev/full');
      expect([args, code]).toEqual([args, 1]);
      expect(stderr).toMatch(/the output cannot be written: ENOSPC/);
      expect(stderr).not.toMatch(/^\s+at /m);
      expect(stderr.match(/cannot be written/g)).toHaveLength(1);
    }
  });

  it('whose reader has closed it ends every command quietly with 0', { timeout: 120_000 }, async () => {
    // One of each kind: all results are printed by the same function.
    const kinds = [['printchain'], ['createwallet', '--json'], ['reindexutxo'], ['help'], ['--version']];
    for (const args of kinds) {
      const { code, stderr } = await inShell(args, '| true');
      expect([args, code, stderr.replace('Rebuilt the UTXO set.\n', '')]).toEqual([args, 0, '']);
    }
  });

  it('and stderr closed do not change the exit code of an error', { timeout: 60_000 }, async () => {
    const closed = await inShell(['getbalance', '--address', 'none'], '2>&1 | true');
    expect(closed.code).toBe((await run('getbalance', '--address', 'none')).code);
    expect((await inShell(['nonsense'], '2> /dev/full')).code).toBe(2);
  });
});

describe.runIf(isLinux)('startnode', () => {
  it('runs on while its log cannot be written', { timeout: 60_000 }, async () => {
    const full = openSync('/dev/full', 'w');
    const { child, rpc, ended } = await startNode(full);
    closeSync(full);
    const hashes = await rpc.call<string[]>('generatetoaddress', [3, ADDRESS]);
    expect(await rpc.call('getbestblockhash')).toBe(hashes[2]);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  it('does not wait for the reader of its log, and counts what it drops', { timeout: 60_000 }, async () => {
    const { child, rpc, ended } = await startNode('pipe');
    // More than the pipe and the queue hold.
    await fillLog(10_000);
    expect(await rpc.call<string[]>('generatetoaddress', [1, ADDRESS])).toHaveLength(1);
    let log = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
    await waitFor(() => /"category":"log","lines":\d+/.test(log), { describe: 'the report of dropped lines' });
    // A reader that goes away.
    child.stderr!.destroy();
    await fillLog(1_000);
    expect(await rpc.call<string[]>('generatetoaddress', [1, ADDRESS])).toHaveLength(1);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  it('ends at a signal while its log is not read', { timeout: 60_000 }, async () => {
    const { child, ended } = await startNode('pipe');
    await fillLog(10_000);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  it('opens its log again at SIGHUP, and opens no debugger at SIGUSR1', { timeout: 60_000 }, async () => {
    const path = join(dataDir, 'node.log');
    const file = openSync(path, 'w');
    const { child, rpc, ended } = await startNode(file);
    closeSync(file);
    renameSync(path, `${path}.1`);
    child.kill('SIGHUP');
    await waitFor(() => existsSync(path), { describe: 'the new log' });
    child.kill('SIGUSR1');
    await rpc.call('generatetoaddress', [1, ADDRESS]);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(readFileSync(path, 'utf8')).not.toBe('');
    const all = readFileSync(`${path}.1`, 'utf8') + readFileSync(path, 'utf8');
    expect(all).not.toMatch(/[Dd]ebugger/);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends at %s during the start', { timeout: 60_000 }, async (signal) => {
    const child = spawn(process.execPath, [pierPath, 'startnode', '--no-seed'], {
      env: environment(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
    child.stderr.once('data', () => child.kill(signal));
    expect(await ended).toBe(0);
  });

  it('says at once that a data directory cannot be created', { timeout: 60_000 }, async () => {
    for (const command of ['startnode', 'createwallet', 'createblockchain']) {
      const address = command === 'createblockchain' ? ['--address', ADDRESS] : [];
      const { code, stderr } = await run(command, ...address, '--datadir', '/proc/x/y');
      expect([command, code]).toEqual([command, 2]);
      expect(stderr).toMatch(/the data directory \/proc\/x\/y cannot be created: ENOENT/);
    }
  });
});
