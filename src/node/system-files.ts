import { stat } from 'node:fs/promises';
import type { NodeFiles } from './composition/node-files.ts';
import { nodePaths } from './config.ts';
import { loadMempool, saveMempool } from './mempool-file.ts';

/** Returns the files of a node. */
export function systemFiles(config: Parameters<typeof nodePaths>[0]): NodeFiles {
  const paths = nodePaths(config);
  return {
    mempoolPath: paths.mempool,
    chainSize: async () => {
      const file = await stat(paths.chain).catch(() => undefined);
      return file?.size ?? 0;
    },
    saveMempool: (mempool) => saveMempool(mempool, paths.mempool),
    loadMempool,
  };
}
