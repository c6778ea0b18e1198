import { existsSync } from 'node:fs';
import { LmdbStore } from '../store/lmdb/lmdb-store.ts';
import { MemoryStore } from '../store/memory-store.ts';
import type { Store } from '../store/store.ts';
import { composeFullNode, RunningFullNode } from './composition/running-full-node.ts';
import type { CompleteModules, NetworkMode, NodeModules } from './composition/running-node.ts';
import { givenStorage, type NodeStorage, type Opening, startComposed } from './composition/storage.ts';
import { makeDataDir, type NodeConfig, nodePaths } from './config.ts';
import { descriptorLimit, shareDescriptors } from './descriptors.ts';
import { MempoolFile } from './mempool-file.ts';
import { openStore } from './open-store.ts';
import { systemModules } from './system-modules.ts';

export type { NetworkMode, NodeModules } from './composition/running-node.ts';

/** Options of `FullNode.start`. */
export interface StartOptions {
  readonly network: NetworkMode;
  /** Whether to create a missing chain file; otherwise the chain is kept in memory. */
  readonly createChain: boolean;
  /** Whether to create a missing wallet file; otherwise wallets are kept in memory. */
  readonly createWallet: boolean;
}

/**
 * A node that validates the whole chain, relays blocks and transactions, holds wallets, and mines if it has a miner
 * address.
 */
export class FullNode extends RunningFullNode {
  /**
   * Opens the node's files and joins the network. Throws `PierError` if another process has a file open, if a file is
   * invalid, or if the port is taken; the parts opened before the error are closed.
   *
   * @example
   * ```ts
   * import { FullNode, nodeConfig } from 'pier/node';
   *
   * const config = nodeConfig({ nodeId: 3000, dataDir: '/tmp/pier' });
   * const node = await FullNode.start(config, { network: 'full', createChain: true, createWallet: true });
   * node.chain.events.on('tip', ({ tip }) => console.log(tip.height));
   * node.connections.events.on('ready', ({ peer }) => console.log(peer.remote.host));
   * await node.stop();
   * ```
   */
  static async start(
    config: NodeConfig,
    options: StartOptions,
    overrides: Partial<NodeModules> = {},
  ): Promise<FullNode> {
    const modules = systemModules(config, overrides);
    const { stores, clock } = modules;
    const storage = stores ? givenStorage(stores, clock) : fileStorage(config, options, modules);
    const maxConnections = shareDescriptors(descriptorLimit(), config.p2p.maxConnections).p2p;
    return startComposed(
      (opening) => composeFullNode(config, { network: options.network, maxConnections }, modules, storage, opening),
      (composed) => new FullNode(config, modules, composed),
    );
  }
}

/** Returns the storage of a node in its files, or in memory where a file is missing and not to be created. */
function fileStorage(
  config: NodeConfig,
  { createChain, createWallet }: StartOptions,
  { clock, logger, signal }: CompleteModules,
): NodeStorage {
  const paths = nodePaths(config);
  const open = async (kind: 'blockchain' | 'wallet', create: boolean, opening: Opening): Promise<Store> => {
    const path = kind === 'wallet' ? paths.wallet : paths.chain;
    if (!create && !existsSync(path)) return new MemoryStore();
    return openStore(config, { path, kind, create, signal }, opening);
  };
  let isChainInFile = false;
  return {
    openChain: async (opening) => {
      if (createChain || createWallet) makeDataDir(config.dataDir);
      const store = await open('blockchain', createChain, opening);
      isChainInFile = store instanceof LmdbStore;
      return store;
    },
    keepMempool: async (mempool, opening) => {
      if (!isChainInFile || !config.store.persistMempool) return;
      const file = new MempoolFile(mempool, paths.mempool, { clock, logger: logger.child({ category: 'mempool' }) });
      await file.start(signal);
      opening.onStop(() => file.stop());
    },
    openWallet: (opening) => open('wallet', createWallet, opening),
  };
}
