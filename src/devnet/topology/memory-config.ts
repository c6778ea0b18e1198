import type { ChainParams } from '../../consensus/params.ts';
import { completeConfig, type NodeConfig } from '../../node/composition/settings.ts';

/** Port at which nodes in memory accept peers: each has an address of its own. */
export const MEMORY_PORT = 8333;

/** What `memoryConfig` needs to know of a node. */
export interface MemoryNodeOptions {
  /** Its address on the links. */
  readonly host: string;
  /** Whether it accepts the encrypted transport (BIP324). */
  readonly v2Transport: boolean;
}

/** Returns the configuration of a node whose stores and links are in memory. */
export function memoryConfig(params: ChainParams, { host, v2Transport }: MemoryNodeOptions): NodeConfig {
  return completeConfig(
    {
      // One process runs many nodes, which have no threads of their own.
      chain: { scriptThreads: 0 },
      // Addresses on links are of no use to peers of other programs.
      p2p: { host, seeds: [], maxOutbound: 0, v2Transport, relaysAddresses: false },
    },
    { nodeId: MEMORY_PORT, params, dataDir: '' },
  );
}
