import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { RpcClient } from '../../src/api/client/rpc-client.ts';
import type { NetworkReport } from '../../src/cli/up/network-report.ts';
import { isPortFree } from '../../src/devnet/processes/ports.ts';
import { parseEndpoint } from '../../src/p2p/net/endpoint.ts';
import { pier, pierPath } from '../support/pier.ts';
import { pierInProcess } from '../support/pier-in-process.ts';
import { tempDir } from '../support/temp-dir.ts';

/** A `pier up` in a process group of its own, as in a terminal. Its temporary files are in a folder of its own. */
function startUp(args: readonly string[]) {
  const temp = tempDir('up-network');
  const { PIER_DATADIR: _dataDir, PIER_NETWORK: _network, ...rest } = process.env;
  const child = spawn(process.execPath, [pierPath, 'up', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...rest, TMPDIR: temp, TEMP: temp, TMP: temp },
  });
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const lines: string[] = [];
  let changed = () => {};
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    changed();
  });
  return {
    ...{ child, exited, temp, lines },
    stdout: () => stdout,
    /** Resolves when stderr has a line that matches. Rejects if `up` ends before. */
    printed: async (pattern: RegExp) => {
      while (!lines.some((line) => pattern.test(line))) {
        const change = new Promise<void>((resolve) => {
          changed = resolve;
        });
        const code = await Promise.race([change, exited]);
        if (code !== undefined) throw new Error(`ended with exit code ${code}: ${lines.join('\n')}`);
      }
    },
  };
}

async function expectPortsFree({ nodes }: NetworkReport): Promise<void> {
  for (const { p2p, rpc } of nodes) {
    expect(await isPortFree(parseEndpoint(p2p).port)).toBe(true);
    expect(await isPortFree(rpc.port)).toBe(true);
  }
}

describe('pier up with a topology', () => {
  it('runs connected nodes with funded accounts, outlives a node, and leaves nothing behind', {
    timeout: 120_000,
  }, async () => {
    const up = startUp(['--nodes', '3', '--shape', 'line', '--accounts', '2', '--balance', '1.5', '--json']);
    try {
      await up.printed(/Press Ctrl-C/);
      const report = JSON.parse(up.stdout()) as NetworkReport;
      expect(report.nodes.map(({ name }) => name)).toEqual(['node1', 'node2', 'node3']);
      expect(report.links).toHaveLength(2);
      const clients = report.nodes.map(({ rpc }) => new RpcClient(rpc));
      for (const [i, client] of clients.entries()) {
        expect(await client.call('getblockcount')).toBe(report.height);
        expect(await client.call('getconnectioncount')).toBe([1, 2, 1][i]);
      }
      const [account] = report.accounts;
      const holder = clients[report.nodes.findIndex(({ name }) => name === account!.node)]!;
      expect(await holder.call('getbalance', [], account!.wallet)).toBe(1.5);

      // A payment and a block of one node arrive at the others.
      await holder.call('sendtoaddress', [report.accounts[1]!.keys.bech32m.address, 0.5], account!.wallet);
      await holder.call('generatetoaddress', [1, account!.keys.legacy.address]);
      for (const client of clients) {
        const wait = await client.call<{ height: number }>('waitforblockheight', [report.height + 1]);
        expect(wait.height).toBe(report.height + 1);
      }

      await clients[2]!.call('stop');
      await up.printed(/^Warning: node3 has exited \(exit code 0\)\. The other nodes keep running\.$/);
      const where = / {2}Its log is in (.*); 'npx pier logs node3' shows the end of it\.$/;
      await up.printed(where);
      const [, log] = up.lines.map((line) => where.exec(line)).find((match) => match !== null)!;
      expect(readFileSync(log!, 'utf8')).toMatch(/"category":"node","msg":"node stopped"\}\n$/);
      expect(await clients[1]!.call('getblockcount')).toBe(report.height + 1);

      process.kill(-up.child.pid!, 'SIGINT');
      expect(await up.exited).toBe(0);
      expect(up.lines.filter((line) => line.startsWith('Warning'))).toHaveLength(1);
      expect(readdirSync(up.temp)).toEqual([]);
      await expectPortsFree(report);
    } finally {
      up.child.kill('SIGKILL');
    }
  });

  it('runs the network of a file, and keeps its files in the data directory', { timeout: 120_000 }, async () => {
    const dataDir = tempDir('up-data');
    const file = join(import.meta.dirname, '../../examples/network.yaml');
    const up = startUp([file, '--datadir', dataDir]);
    try {
      await up.printed(/Press Ctrl-C/);
      expect(up.stdout()).toMatch(/^ {2}phone {5}light /m);
      expect(up.stdout()).toContain('wallet account1 of shop');
      // SIGTERM reaches `up` only, which stops the nodes.
      up.child.kill('SIGTERM');
      expect(await up.exited).toBe(0);
      expect(up.lines.filter((line) => line.startsWith('Warning'))).toEqual([]);
      expect(readdirSync(dataDir)).not.toEqual([]);
    } finally {
      up.child.kill('SIGKILL');
    }
  });

  it('goes on with the files of one that was killed, is reset, and its files are removed', {
    timeout: 120_000,
  }, async () => {
    const dataDir = tempDir('up-again');
    const name = ['--name', 'again'];
    const run = async (...words: string[]) => {
      const { code, stdout, stderr } = await pierInProcess([...words, '--json']);
      return { code, ...(JSON.parse(stdout || stderr) as Record<string, unknown>) };
    };
    const heights = async () => {
      const { nodes } = (await run('status', ...name)) as unknown as { nodes: { height: number }[] };
      return nodes.map(({ height }) => height);
    };
    const first = startUp(['--nodes', '1', '--accounts', '1', '--datadir', dataDir, ...name]);
    let second: ReturnType<typeof startUp> | undefined;
    try {
      await first.printed(/pier status/);
      expect(first.lines).toContainEqual(`'pier up --datadir ${dataDir}' continues on the files in ${dataDir}.`);
      const [height] = await heights();
      await run('mine', '3', ...name);
      first.child.kill('SIGKILL');
      await first.exited;
      expect(await run('status', ...name)).toMatchObject({ code: 1, error: { code: 'no-network' } });

      second = startUp(['--datadir', dataDir, ...name]);
      await second.printed(/pier status/);
      expect(second.lines).toContainEqual(`It continues on the files in ${dataDir}.`);
      expect(await heights()).toEqual([height! + 3]);
      expect(await run('reset', ...name)).toMatchObject({ code: 0 });
      expect(await heights()).toEqual([height]);

      const files = ['reset', '--files', '--datadir', dataDir];
      expect(await run(...files, '--yes')).toMatchObject({ code: 1, error: { code: 'datadir-in-use' } });
      expect(await run('down', ...name)).toMatchObject({ code: 0 });
      expect(await second.exited).toBe(0);
      expect(await run(...files)).toMatchObject({
        code: 1,
        error: { code: 'not-confirmed', message: expect.stringContaining('network.json, node1') },
      });
      expect(await run(...files, '--yes')).toEqual({ code: 0, removed: ['network.json', 'node1'] });
      expect(readdirSync(dataDir)).toEqual([]);
      expect(await run(...files)).toMatchObject({ code: 1, error: { code: 'no-files' } });
    } finally {
      first.child.kill('SIGKILL');
      second?.child.kill('SIGKILL');
    }
  });

  it('goes on with the state of a file, and saves it there', { timeout: 120_000 }, async () => {
    const state = join(tempDir('up-state'), 'network.state');
    let height: number | undefined;
    // The same command again, then the state alone.
    const command = ['--nodes', '1', '--accounts', '1'];
    for (const args of [command, command, []]) {
      const up = startUp([...args, '--state', state, '--json']);
      try {
        await up.printed(/Press Ctrl-C/);
        const report = JSON.parse(up.stdout()) as NetworkReport;
        expect(report.height).toBe(height ?? report.height);
        expect(report.nodes).toHaveLength(1);
        const client = new RpcClient(report.nodes[0]!.rpc);
        await client.call('generatetoaddress', [3, report.accounts[0]!.keys.legacy.address]);
        height = report.height + 3;
        process.kill(-up.child.pid!, 'SIGINT');
        expect(await up.exited).toBe(0);
        expect(up.lines.filter((line) => line.startsWith('Warning'))).toEqual([]);
        expect(readdirSync(up.temp)).toEqual([]);
      } finally {
        up.child.kill('SIGKILL');
      }
    }
    const { code, stderr } = await pier(['up', '--nodes', '1', '--state', state]);
    expect(code).toBe(2);
    expect(stderr).toContain(`the command describes another network than the one in ${state}:`);
    expect(stderr).toContain('accounts: 10 instead of 1');
  });

  it('refuses a faulty file before anything is started', async () => {
    const { code, stderr } = await pier(['up', join(import.meta.dirname, '../../networks/classroom.json')]);
    expect(code).toBe(2);
    expect(stderr).toContain('this is a network file');
  });
});
