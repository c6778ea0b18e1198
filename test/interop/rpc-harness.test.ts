import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type Bitcoind,
  BitcoindRpcError,
  describeBitcoind,
  reaperCommand,
  startBitcoind,
} from '../support/bitcoind.ts';
import { waitFor } from '../support/wait.ts';

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describeBitcoind('the bitcoind harness', () => {
  let node: Bitcoind;
  beforeAll(async () => {
    node = await startBitcoind();
  });
  afterAll(() => node?.stop());

  it('starts at the regtest genesis block, and serves RPC and bitcoin-cli', async () => {
    expect(await node.rpc('getblockhash', 0)).toBe('0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206');
    const { stdout, exitCode } = await node.cli('getblockcount');
    expect([stdout, exitCode]).toEqual(['0\n', 0]);
  });

  it('listens only on 127.0.0.1 and has no peers', async () => {
    const { localaddresses } = await node.rpc<{ localaddresses: unknown[] }>('getnetworkinfo');
    expect(localaddresses).toEqual([]);
    expect(await node.rpc('getpeerinfo')).toEqual([]);
    // Linux's socket table: local addresses in state 0A (LISTEN) with this process's ports.
    const table = execFileSync('cat', [`/proc/${node.pid}/net/tcp`, `/proc/${node.pid}/net/tcp6`], {
      encoding: 'utf8',
    });
    const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0');
    const listening = table
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(
        (fields) => fields[3] === '0A' && [hex(node.port), hex(node.rpcPort)].includes(fields[1]?.split(':')[1] ?? ''),
      )
      .map((fields) => fields[1]?.split(':')[0]);
    expect(listening).toEqual(['0100007F', '0100007F']);
  });

  it('mines to an unspendable address and to a wallet', async () => {
    const wallet = await node.wallet();
    await node.mine(1);
    await wallet.mine(101);
    expect(await node.rpc('getblockcount')).toBe(102);
    expect(await wallet.rpc('getbalance')).toBe(50);
  });

  it('throws RPC errors with their code', async () => {
    await expect(node.rpc('getblockhash', 1e6)).rejects.toMatchObject({ code: -8 });
    await expect(node.rpc('nosuchmethod')).rejects.toBeInstanceOf(BitcoindRpcError);
  });

  it('accepts extra arguments, runs several nodes at once, and leaves no process or folder behind', async () => {
    const other = await startBitcoind({ args: ['-txindex'] });
    expect(Object.keys(await other.rpc<object>('getindexinfo'))).toEqual(['txindex']);
    await other.stop();
    expect([alive(other.pid), existsSync(other.dataDir)]).toEqual([false, false]);
    await other.stop();
  });

  it("fails to start with bitcoind's error message", async () => {
    await expect(startBitcoind({ args: ['-nosuchoption'] })).rejects.toThrow(/nosuchoption/);
  });

  it('kills its node and removes the folder when the test process dies', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'pier-reaper-'));
    // A stand-in for a test process: like the harness, it starts a long-lived program and a reaper for it.
    const source = `
      const { spawn } = require('node:child_process');
      const [dir, shell, ...args] = JSON.parse(process.argv[1]);
      const victim = spawn('sleep', ['600'], { stdio: 'ignore' });
      spawn(shell, [...args, String(victim.pid), dir], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
      console.log(victim.pid);
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['-e', source, JSON.stringify([dir, ...reaperCommand])], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    await waitFor(() => output.endsWith('\n'), { describe: 'the child process' });
    const victim = Number(output);
    expect([alive(victim), existsSync(dir)]).toEqual([true, true]);
    child.kill('SIGKILL');
    await waitFor(() => !alive(victim) && !existsSync(dir), { describe: 'the reaper' });
  });
});
