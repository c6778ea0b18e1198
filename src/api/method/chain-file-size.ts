import { stat } from 'node:fs/promises';
import { nodePaths } from '../../node/config.ts';
import type { AnyRpcNode } from './rpc-node.ts';

/** Bytes of the file that holds the chain; 0 where it is not in a file. */
export async function chainFileSize(config: AnyRpcNode['config']): Promise<number> {
  try {
    return (await stat(nodePaths(config).chain)).size;
  } catch {
    return 0;
  }
}
