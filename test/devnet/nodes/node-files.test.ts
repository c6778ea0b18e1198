import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { regtest } from '../../../src/consensus/params.ts';
import { listNodeFiles, removeNodeFiles } from '../../../src/devnet/nodes/system/node-files.ts';
import { nodePaths } from '../../../src/node/config.ts';
import { LmdbStore } from '../../../src/store/lmdb/lmdb-store.ts';
import { tempDir } from '../../support/temp-dir.ts';

const folder = tempDir('node-files');
const own = [
  '.cookie_3000',
  'blockchain_3000.db',
  'blockchain_3000.db-lock',
  'mempool_3001.dat',
  'node_3000.log',
  'scenario_3000.json',
];
const foreign = ['notes.txt', 'wallet_backup.db', 'blockchain_x.db'];

it('lists and removes what nodes have left, and nothing else', async () => {
  const dataDir = join(folder, 'flat');
  await mkdir(dataDir);
  for (const name of [...own, ...foreign]) await writeFile(join(dataDir, name), '');
  await mkdir(join(dataDir, 'node1'));
  expect(await listNodeFiles(dataDir)).toEqual(own);
  expect(await removeNodeFiles(dataDir, regtest)).toEqual(own);
  expect((await readdir(dataDir)).sort()).toEqual(['blockchain_x.db', 'node1', 'notes.txt', 'wallet_backup.db']);
  expect(await listNodeFiles(join(folder, 'absent'))).toEqual([]);
});

it('removes the folders of a network, but not those that its file does not name rightly', async () => {
  const dataDir = join(folder, 'network');
  await mkdir(join(dataDir, 'node1'), { recursive: true });
  await mkdir(join(dataDir, 'node2'));
  const describe = (nodes: unknown[]) =>
    writeFile(join(dataDir, 'network.json'), JSON.stringify({ version: 1, nodes, state: {} }));
  for (const name of ['..', '.', '', 'a/b', '..\\x', 7]) {
    await describe([name]);
    await expect(removeNodeFiles(dataDir, regtest)).rejects.toMatchObject({ code: 'bad-datadir' });
  }
  await describe(['node1']);
  expect(await removeNodeFiles(dataDir, regtest)).toEqual(['network.json', 'node1']);
  expect(await readdir(dataDir)).toEqual(['node2']);
});

it('removes nothing while a node runs', async () => {
  const dataDir = join(folder, 'running');
  await mkdir(dataDir);
  const { wallet } = nodePaths({ dataDir, nodeId: 3002 });
  const store = await LmdbStore.open({ path: wallet, network: regtest.marker, kind: 'wallet' });
  await writeFile(join(dataDir, 'mempool_3002.dat'), '');
  await expect(removeNodeFiles(dataDir, regtest)).rejects.toMatchObject({ code: 'database-in-use' });
  expect(await readdir(dataDir)).toContain('mempool_3002.dat');
  await store.close();
  await removeNodeFiles(dataDir, regtest);
  expect(await readdir(dataDir)).toEqual([]);
});
