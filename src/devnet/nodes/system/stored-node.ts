import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { ChainParams } from '../../../consensus/params.ts';
import { nodePaths } from '../../../node/config.ts';
import type { StoreKind } from '../../../store/lmdb/lmdb-options.ts';
import { LmdbStore } from '../../../store/lmdb/lmdb-store.ts';
import { MemoryStore } from '../../../store/memory-store.ts';
import type { NodeRole } from '../../topology/network-options.ts';
import type { StoredNode } from '../engine.ts';

/** The files of a node. */
export interface NodeFiles {
  readonly dataDir: string;
  readonly nodeId: number;
  readonly role: NodeRole;
  readonly params: ChainParams;
}

/** Reads the files of a node, which may run. */
export async function readNodeFiles(files: NodeFiles): Promise<StoredNode> {
  const paths = nodePaths(files);
  return {
    // First the wallets, which find later blocks in the chain.
    wallet: await readStore(files, paths.wallet, 'wallet'),
    chain: await readStore(files, paths.chain, chainKind(files)),
    mempool: await readFile(paths.mempool).catch(() => undefined),
  };
}

/** Replaces the files of a node that does not run. */
export async function writeNodeFiles(files: NodeFiles, contents: StoredNode): Promise<void> {
  const paths = nodePaths(files);
  await writeStore(files, paths.chain, chainKind(files), contents.chain);
  await writeStore(files, paths.wallet, 'wallet', contents.wallet);
  if (contents.mempool) await writeFile(paths.mempool, contents.mempool, { mode: 0o600 });
  else await rm(paths.mempool, { force: true });
}

const chainKind = ({ role }: NodeFiles): StoreKind => (role === 'light' ? 'header chain' : 'blockchain');

async function readStore({ params }: NodeFiles, path: string, kind: StoreKind): Promise<MemoryStore> {
  const file = await LmdbStore.open({ path, network: params.marker, kind, readOnly: true });
  try {
    const copy = new MemoryStore();
    await copy.write([...file.entries()].map(([key, value]) => ({ type: 'put', key, value: value.slice() })));
    return copy;
  } finally {
    await file.close();
  }
}

async function writeStore({ params }: NodeFiles, path: string, kind: StoreKind, from: MemoryStore): Promise<void> {
  // Beside the file, which is replaced as a whole: a process that is killed leaves the one or the other.
  const draft = `${path}.new`;
  const lockOf = (file: string) => `${file}-lock`;
  for (const old of [draft, lockOf(draft)]) await rm(old, { force: true });
  const file = await LmdbStore.open({ path: draft, network: params.marker, kind, relaxedDurability: true });
  try {
    await file.write([...from.entries()].map(([key, value]) => ({ type: 'put', key, value })));
  } finally {
    await file.close();
  }
  await rename(draft, path);
  for (const lock of [lockOf(draft), lockOf(path)]) await rm(lock, { force: true });
}
