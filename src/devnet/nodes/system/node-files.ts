import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChainParams } from '../../../consensus/params.ts';
import { nodePaths } from '../../../node/config.ts';
import { LmdbStore } from '../../../store/lmdb/lmdb-store.ts';
import { NetworkFolder, NODE_FILE } from './network-folder.ts';

/** Returns the names of what nodes and networks have left in a data directory. */
export async function listNodeFiles(dataDir: string): Promise<string[]> {
  const folder = await NetworkFolder.open(dataDir);
  const names = await readdir(dataDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.filter((name) => NODE_FILE.test(name) || folder.names.includes(name)).sort();
}

/**
 * Removes what nodes and networks have left in a data directory, wallets too, and returns its names. Throws `PierError`
 * 'datadir-in-use' or `StoreError` 'database-in-use', without effect, if one of them runs.
 */
export async function removeNodeFiles(dataDir: string, params: ChainParams): Promise<string[]> {
  const names = await listNodeFiles(dataDir);
  const ids = new Set(names.flatMap((name) => NODE_FILE.exec(name)?.slice(1).filter(Boolean) ?? []));
  for (const id of ids) await requireStopped(nodePaths({ dataDir, nodeId: Number(id) }).wallet, params);
  for (const name of names) await rm(join(dataDir, name), { recursive: true, force: true });
  return names;
}

/** Throws `StoreError` 'database-in-use' if a node has a file open. */
async function requireStopped(path: string, { marker }: ChainParams): Promise<void> {
  try {
    const file = await LmdbStore.open({ path, network: marker, kind: 'wallet', create: false });
    await file.close();
  } catch (error) {
    // Absent, damaged, or of another network: no node of this version has it open.
    if ((error as { code?: unknown }).code === 'database-in-use') throw error;
  }
}
