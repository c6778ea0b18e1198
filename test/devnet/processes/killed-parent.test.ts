import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createNetwork } from '../../../src/devnet/network/create-network.ts';
import { PARENT_LINK, type ParentMessage } from '../../../src/devnet/processes/parent-messages.ts';
import { freeNodeIds } from '../../../src/devnet/processes/ports.ts';
import { RPC_PORT_OFFSET } from '../../../src/node/config.ts';
import { describeBitcoind } from '../../support/bitcoind.ts';
import { bitcoindDir } from '../../support/oracles.ts';
import { pierPath } from '../../support/pier.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { waitFor } from '../../support/wait.ts';

const library = pathToFileURL(join(import.meta.dirname, '../../../dist/index.js')).href;

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Runs a script that creates a network of processes, does `more` with it, and prints their ids. */
async function startScript(options: object, temp: string, more = '') {
  const script = join(await mkdtemp(join(tempDir('killed-parent'), 's')), 'script.mjs');
  await writeFile(
    script,
    `import { createNetwork } from '${library}';
     const network = await createNetwork({ nodes: 2, accounts: 0, engine: 'processes', ...${JSON.stringify(options)} });
     const pids = await Promise.all(network.nodes.map((node) => node.call('getrpcinfo').then(() => node.pid)));
     ${more}
     console.log(JSON.stringify(pids));
     setInterval(() => {}, 1_000);`,
  );
  const child = spawn(process.execPath, [script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: temp },
  });
  const [line] = await Promise.race([
    new Promise<[string]>((resolve) =>
      createInterface({ input: child.stdout! }).once('line', (text) => resolve([text])),
    ),
    new Promise<never>((_, reject) => child.once('exit', (code) => reject(new Error(`exited with ${code}`)))),
  ]);
  return { child, pids: JSON.parse(line) as number[] };
}

describe('when the process of a network is killed', { timeout: 60_000 }, () => {
  it('its nodes stop, and a temporary folder is removed', async () => {
    const temp = tempDir('killed-parent-temp');
    const { child, pids } = await startScript({}, temp);
    expect([pids.length, isAlive(pids[0]!), (await readdir(temp)).length]).toEqual([2, true, 1]);
    child.kill('SIGKILL');
    await waitFor(async () => !pids.some(isAlive) && (await readdir(temp)).length === 0, { timeoutMs: 50_000 });
  });

  it('its nodes stop, of which some are paused or stopped, and their temporary folders are removed', async () => {
    const temp = tempDir('killed-parent-temp');
    const more = `
      await network.node('node2').pause();
      const other = await createNetwork({ nodes: 2, accounts: 0, engine: 'processes' });
      pids.push(...other.nodes.map((node) => node.pid));
      await other.node('node2').stop();`;
    const { child, pids } = await startScript({}, temp, more);
    expect([pids.length, pids.filter(isAlive).length, (await readdir(temp)).length]).toEqual([4, 3, 2]);
    child.kill('SIGKILL');
    await waitFor(async () => !pids.some(isAlive) && (await readdir(temp)).length === 0, { timeoutMs: 50_000 });
  });

  // The channel of the messages may close later than the pipe: here it stays open.
  it.each([false, true])('a node removes its folder if only the pipe says so (light: %s)', async (spv) => {
    const temp = tempDir('killed-parent-temp');
    const folder = await mkdtemp(join(temp, 'network-'));
    const dataDir = join(folder, 'node');
    await mkdir(dataDir);
    const [nodeId] = await freeNodeIds(1);
    const args = [
      'startnode',
      '--json',
      '--with-parent',
      '--seed',
      '127.0.0.1:1',
      '--no-auto-connect',
      '--datadir',
      dataDir,
    ];
    const child = spawn(process.execPath, [pierPath, ...args, ...(spv ? ['--spv'] : [])], {
      stdio: ['pipe', 'pipe', 'ignore', 'ipc'],
      env: { ...process.env, NODE_ID: String(nodeId), [PARENT_LINK]: '1' },
    });
    try {
      const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
      child.send({ type: 'start', clock: { offset: 0, frozen: undefined }, folder: dataDir } satisfies ParentMessage);
      const ready = new Promise((resolve) => child.stdout!.once('data', resolve));
      expect(await Promise.race([ready.then(() => 'ready'), exited])).toBe('ready');
      child.stdin!.end();
      expect(await exited).toBe(0);
      expect(await readdir(temp)).toEqual([]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('the files in a folder of its own stay, and another process goes on with them at once', async () => {
    const temp = tempDir('killed-parent-temp');
    const dataDir = join(tempDir('killed-parent-data'), 'network');
    const more = "network.time.increase(7_200); await network.mine(2); await network.node('node2').pause();";
    // Ports that the topology names must not be refused while the old nodes still end.
    const [p2p] = await freeNodeIds(1);
    const nodes = [{ p2p: p2p!, rpc: p2p! + RPC_PORT_OFFSET }, {}];
    const { child } = await startScript({ nodes, dataDir }, temp, more);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    expect((await readdir(dataDir)).sort()).toEqual(['network.json', 'node1', 'node2']);
    await using network = await createNetwork({ nodes, accounts: 0, engine: 'processes', dataDir });
    const views = await Promise.all(network.nodes.map((node) => node.view()));
    expect(views.map(({ height }) => height)).toEqual([113, 113]);
    expect(network.time.now() - Date.now() / 1000).toBeGreaterThan(7_000);
  });
});

describeBitcoind(
  'when the process of a network with a bitcoind is killed',
  () => {
    const path = join(bitcoindDir ?? '', 'bitcoind');
    const [shop, core, other] = [
      { name: 'shop' },
      { name: 'core', kind: 'bitcoind', path },
      { name: 'other', kind: 'bitcoind', path },
    ];

    // Not between both: a bitcoind may ask for headers only the other, which has none yet.
    const links = [{ between: ['shop', 'core'] }, { between: ['shop', 'other'] }];

    it.each([
      ['one that runs', { nodes: [shop, core] }, ''],
      [
        'one that is paused and one that is stopped',
        { nodes: [shop, core, other], links },
        "await network.node('core').pause(); await network.node('other').stop();",
      ],
    ])('%s: no process remains, and a temporary folder is removed', async (_what, options, more) => {
      const temp = tempDir('killed-parent-temp');
      const { child, pids } = await startScript(options, temp, more);
      expect([pids.length, (await readdir(temp)).length]).toEqual([options.nodes.length, 1]);
      child.kill('SIGKILL');
      await waitFor(async () => !pids.some(isAlive) && (await readdir(temp)).length === 0, { timeoutMs: 50_000 });
    });

    it('one that runs and one that is paused stop in order if their files stay', async () => {
      const temp = tempDir('killed-parent-temp');
      const dataDir = join(tempDir('killed-parent-data'), 'network');
      const more = "await network.node('other').pause();";
      const { child, pids } = await startScript({ nodes: [shop, core, other], links, dataDir }, temp, more);
      child.kill('SIGKILL');
      await waitFor(() => !pids.some(isAlive), { timeoutMs: 50_000 });
      for (const { name } of [core!, other!]) {
        expect(await readdir(join(dataDir, name, 'regtest'))).toContain('mempool.dat');
      }
    });
  },
  { timeout: 60_000 },
);
