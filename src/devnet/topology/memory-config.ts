import type { ChainParams } from '../../consensus/params.ts';
import { type NodeConfig, nodeConfig } from '../../node/config.ts';

/** Port at which nodes in memory accept peers: each has an address of its own. */
export const MEMORY_PORT = 8333;

/** Returns the configuration of a node whose stores and links are in memory. */
export function memoryConfig(params: ChainParams, { host }: { readonly host: string }): NodeConfig {
  const config = nodeConfig(
    {
      nodeId: MEMORY_PORT,
      // One process runs many nodes: no threads of their own, and no ciphers between them.
      chain: { scriptThreads: 0 },
      p2p: { host, seeds: [], maxOutbound: 0, v2Transport: false },
    },
    {},
  );
  return { ...config, params };
}
