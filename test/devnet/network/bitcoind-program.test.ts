import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createNetwork } from '../../../src/devnet/network/create-network.ts';
import { tempDir } from '../../support/temp-dir.ts';

afterEach(() => vi.unstubAllEnvs());

describe('a network with a bitcoind that cannot be started', { timeout: 60_000 }, () => {
  const create = (path: string | undefined, dataDir?: string) =>
    createNetwork({ engine: 'processes', nodes: [{}, { kind: 'bitcoind', path }], accounts: 1, dataDir });

  it('is refused before anything is started, with the path of the option', async () => {
    const folder = tempDir('bitcoind-program');
    const dataDir = join(folder, 'network');
    const noFile = join(folder, 'bitcoind');
    const notExecutable = join(folder, 'text');
    await writeFile(notExecutable, '');
    const aFolder = join(folder, 'folder');
    await mkdir(aFolder);
    for (const path of [noFile, notExecutable, aFolder]) {
      await expect(create(path, dataDir)).rejects.toMatchObject({
        code: 'bad-topology',
        message: `nodes[1].path: '${path}' is no executable file`,
        hint: expect.stringContaining('BITCOIND'),
      });
    }
    vi.stubEnv('PATH', folder);
    await expect(create('text', dataDir)).rejects.toThrow("nodes[1].path: 'text' is no executable file on PATH");
    vi.stubEnv('BITCOIND', '');
    await expect(create(undefined, dataDir)).rejects.toThrow("nodes[1].path: 'bitcoind' is no executable file on PATH");
    vi.stubEnv('BITCOIND', noFile);
    await expect(create(undefined, dataDir)).rejects.toThrow(`nodes[1].path: '${noFile}' is no executable file`);
    expect((await readdir(folder)).sort()).toEqual(['folder', 'text']);
    vi.stubEnv('TMPDIR', aFolder);
    await expect(create(noFile)).rejects.toMatchObject({ code: 'bad-topology' });
    expect(await readdir(aFolder)).toEqual([]);
  });

  it('reports the output of a program that is no bitcoind, and leaves nothing behind', async () => {
    const temp = tempDir('bitcoind-program-temp');
    vi.stubEnv('TMPDIR', temp);
    const failed = create(process.execPath);
    await expect(failed).rejects.toMatchObject({ code: 'node-failed' });
    await expect(failed).rejects.toThrow(/^bitcoind node2 exited before it was ready \(exit code 9\)\n.*bad option/s);
    expect(await readdir(temp)).toEqual([]);
  });
});
