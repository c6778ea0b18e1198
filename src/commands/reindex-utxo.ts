import { Chain } from '../chain/chain.ts';
import { type NodeConfig, nodePaths } from '../node/config.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLogger } from '../platform/logger.ts';
import { LmdbStore } from '../store/lmdb/lmdb-store.ts';
import { requireFile } from './node-access.ts';

/**
 * Rebuilds the UTXO set from the stored blocks. The node must be stopped. Throws `PierError` 'missing-chain' or
 * 'database-in-use'.
 */
export async function reindexUtxo(
  config: NodeConfig,
  onProgress?: (done: number, total: number) => void,
): Promise<{ blocks: number; coins: number }> {
  const { chain: path } = nodePaths(config);
  requireFile(config, 'chain');
  const store = await LmdbStore.open({
    path,
    network: config.params.marker,
    kind: 'blockchain',
    create: false,
    toleratesDamage: true,
  });
  try {
    const modules = { store, clock: systemClock, logger: silentLogger };
    const chain = await Chain.open({ params: config.params }, modules);
    const result = await chain.reindexUtxo(onProgress);
    await chain.close();
    return result;
  } finally {
    await store.close();
  }
}
