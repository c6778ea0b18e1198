import { spawn } from 'node:child_process';
import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { describeBitcoind } from '../../support/bitcoind.ts';
import { bitcoindDir } from '../../support/oracles.ts';
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

/** Runs a script that creates a network of two processes, does `more` with it, and prints their ids. */
async function startScript(options: object, temp: string, more = '') {
  const script = join(await mkdtemp(join(tempDir('killed-parent'), 's')), 'script.mjs');
  await writeFile(
    script,
    `import { createNetwork } from '${library}';
     const network = await createNetwork({ nodes: 2, accounts: 1, engine: 'processes', ...${JSON.stringify(options)} });
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
    expect([pids.length, pids.every(isAlive), (await readdir(temp)).length]).toEqual([2, true, 1]);
    child.kill('SIGKILL');
    await waitFor(async () => !pids.some(isAlive) && (await readdir(temp)).length === 0, { timeoutMs: 50_000 });
  });

  it('the files in a folder of its own stay', async () => {
    const temp = tempDir('killed-parent-temp');
    const dataDir = join(tempDir('killed-parent-data'), 'network');
    const { child, pids } = await startScript({ dataDir }, temp);
    child.kill('SIGKILL');
    await waitFor(() => !pids.some(isAlive), { timeoutMs: 50_000 });
    expect((await readdir(dataDir)).sort()).toEqual(['node1', 'node2']);
    expect((await readdir(join(dataDir, 'node1'))).some((name) => name.startsWith('blockchain_'))).toBe(true);
  });
});

describeBitcoind(
  'when the process of a network with a bitcoind is killed',
  () => {
    const nodes = [{ name: 'shop' }, { name: 'core', kind: 'bitcoind', path: join(bitcoindDir ?? '', 'bitcoind') }];

    it.each([
      ['runs', ''],
      ['is paused', "await network.node('core').pause();"],
      ['is stopped', "await network.node('core').stop();"],
    ])('one that %s ends, and a temporary folder is removed', async (_what, more) => {
      const temp = tempDir('killed-parent-temp');
      const { child, pids } = await startScript({ nodes }, temp, more);
      expect([pids.length, (await readdir(temp)).length]).toEqual([2, 1]);
      child.kill('SIGKILL');
      await waitFor(async () => !pids.some(isAlive) && (await readdir(temp)).length === 0, { timeoutMs: 50_000 });
    });

    it.each(['', "await network.node('core').pause();"])('it stops in order if its files stay: %j', async (more) => {
      const temp = tempDir('killed-parent-temp');
      const dataDir = join(tempDir('killed-parent-data'), 'network');
      const { child, pids } = await startScript({ nodes, dataDir }, temp, more);
      child.kill('SIGKILL');
      await waitFor(() => !pids.some(isAlive), { timeoutMs: 50_000 });
      expect(await readdir(join(dataDir, 'core', 'regtest'))).toContain('mempool.dat');
    });
  },
  { timeout: 60_000 },
);
