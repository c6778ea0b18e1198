import { composeLightNode, RunningLightNode } from './composition/running-light-node.ts';
import type { CompleteModules, NetworkMode, NodeModules } from './composition/running-node.ts';
import { givenStorage, type NodeStorage, startComposed } from './composition/storage.ts';
import { makeDataDir, type NodeConfig, nodePaths } from './config.ts';
import { openStore } from './open-store.ts';
import { systemModules } from './system-modules.ts';

/**
 * A node that stores headers instead of blocks, and its wallets' transactions with their merkle proofs. It makes
 * outbound connections only and serves no data except its own transactions.
 */
export class LightNode extends RunningLightNode {
  /**
   * Opens the node's files, creates missing ones, and connects to peers unless `network` is 'none'. Throws `PierError`
   * as `FullNode.start` does.
   *
   * @example
   * ```ts
   * import { LightNode, nodeConfig } from 'pier/node';
   *
   * const config = nodeConfig({ nodeId: 3003, dataDir: '/tmp/pier', p2p: { seeds: ['127.0.0.1:3000'] } });
   * const node = await LightNode.start(config, { network: 'full' });
   * const wallet = await node.wallets.createWallet('phone');
   * console.log(await wallet.newAddress(), node.chain.tip.height);
   * await node.stop();
   * ```
   */
  static async start(
    config: NodeConfig,
    options: { readonly network: NetworkMode },
    overrides: Partial<NodeModules> = {},
  ): Promise<LightNode> {
    const modules = systemModules(config, overrides);
    const { stores, clock } = modules;
    const storage = stores ? givenStorage(stores, clock) : fileStorage(config, modules);
    return startComposed(
      (opening) => composeLightNode(config, options, modules, storage, opening),
      (composed) => new LightNode(config, modules, composed),
    );
  }
}

function fileStorage(config: NodeConfig, { signal }: CompleteModules): Pick<NodeStorage, 'openChain' | 'openWallet'> {
  const paths = nodePaths(config);
  return {
    openChain: async (opening) => {
      makeDataDir(config.dataDir);
      return openStore(config, { path: paths.chain, kind: 'header chain', signal }, opening);
    },
    openWallet: (opening) => openStore(config, { path: paths.wallet, kind: 'wallet', signal }, opening),
  };
}
