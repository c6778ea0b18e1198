import type { LmdbStoreOptions } from '../store/lmdb/lmdb-options.ts';
import { LmdbStore } from '../store/lmdb/lmdb-store.ts';
import type { NodeConfig } from './composition/settings.ts';
import type { Opening } from './composition/storage.ts';

/** Opens a file of a node, which closes it, and stops if it fails. */
export async function openStore(
  { store: settings, params }: Pick<NodeConfig, 'store' | 'params'>,
  options: Pick<LmdbStoreOptions, 'path' | 'kind' | 'create' | 'signal'>,
  opening: Opening,
): Promise<LmdbStore> {
  const store = await LmdbStore.open({ ...settings, ...options, network: params.marker });
  opening.onStop(() => store.close());
  void store.failed.then((error) => opening.fail(error));
  options.signal?.throwIfAborted();
  return store;
}
