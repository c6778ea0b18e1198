import { stat } from 'node:fs/promises';
import { nodePaths } from '../../node/config.ts';
import type { AnyRpcNode } from './rpc-node.ts';

/** Returns the size of the chain's file in bytes; 0 if there is none, as for a chain in memory. */
export async function chainFileSize(config: AnyRpcNode['config']): Promise<number> {
  try {
    return (await stat(nodePaths(config).chain)).size;
  } catch {
    return 0;
  }
}
