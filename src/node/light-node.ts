import { ConnectionManager } from '../p2p/connections/connection-manager.ts';
import { ServiceFlag } from '../p2p/wire/protocol.ts';
import { limitedLogger } from '../platform/limited-logger.ts';
import type { Transaction } from '../primitives/transaction.ts';
import { HeaderChain } from '../spv/header-chain.ts';
import { createSpvParts, type SpvParts } from '../spv/light-node-processor.ts';
import { ProofStore } from '../spv/proof-store.ts';
import { LmdbStore } from '../store/lmdb-store.ts';
import { LightWallets } from '../wallet/light-wallets.ts';
import { WalletFile } from '../wallet/wallet-file.ts';
import { makeDataDir, type NodeConfig, nodePaths } from './config.ts';
import { closeAll, type NetworkMode, type NodeModules, nodeModules, RunningNode } from './running-node.ts';

/** Connections that a light node makes to addresses that it has learnt: enough to catch a liar by. */
const MAX_OUTBOUND = 4;

type LightNodeParts = Pick<LightNode, 'chain' | 'wallets' | 'connections' | 'proofs' | 'light'>;

/**
 * A node that holds headers instead of blocks, and of the transactions only its wallets' with the proofs that blocks hold
 * them. It calls others and serves nobody.
 */
export class LightNode extends RunningNode {
  readonly chain: HeaderChain;
  readonly wallets: WalletFile;
  readonly connections: ConnectionManager;
  readonly proofs: ProofStore;
  readonly light: SpvParts;

  private constructor(
    config: NodeConfig,
    modules: ReturnType<typeof nodeModules>,
    parts: LightNodeParts,
    closers: readonly (() => unknown)[],
  ) {
    super(config, modules, closers);
    this.chain = parts.chain;
    this.wallets = parts.wallets;
    this.connections = parts.connections;
    this.proofs = parts.proofs;
    this.light = parts.light;
  }

  /**
   * Opens the node's files, making those that are missing, and joins the network, if any: it calls others only. Throws
   * `PierError` as `FullNode.start`.
   */
  static async start(
    config: NodeConfig,
    options: { readonly network: NetworkMode },
    overrides: Partial<NodeModules> = {},
  ): Promise<LightNode> {
    const modules = nodeModules(overrides);
    const { clock, random, transport, logger } = modules;
    const layer = (category: string) => logger.child({ category });
    const { params } = config;
    const closers: (() => unknown)[] = [];
    try {
      await makeDataDir(config.dataDir);
      const paths = nodePaths(config);
      const network = params.marker;
      const store = await LmdbStore.open({ path: paths.chain, network, kind: 'header chain' });
      closers.push(() => store.close());
      const chain = await HeaderChain.open(params, { store, clock, logger: layer('chain') });
      closers.push(() => chain.flush());

      const walletStore = await LmdbStore.open({ path: paths.wallet, network, kind: 'wallet' });
      closers.push(() => walletStore.close());
      const wallets = await WalletFile.open({ params }, { store: walletStore, random, clock, logger: layer('wallet') });
      const proofs = new ProofStore(store);
      const lightWallets = new LightWallets({
        ...{ file: wallets, chain, proofs, store: walletStore },
        logger: layer('wallet'),
      });
      closers.push(() => lightWallets.close());

      const bloom = config.bloomSearch;
      // Whom to call, of those that were not named: who has all blocks, and helps to search them.
      const helps = bloom ? ServiceFlag.BLOOM : ServiceFlag.COMPACT_FILTERS;
      const requiredServices = ServiceFlag.NETWORK | ServiceFlag.WITNESS | helps;
      let light!: SpvParts;
      const p2p = limitedLogger(layer('p2p'), clock);
      const connections = new ConnectionManager(
        {
          addNodes: options.network === 'none' ? [] : config.seeds,
          v2Transport: config.v2Transport,
          ...{ requiredServices, blocksOnly: true, sparesAddedNodes: false },
          ...{ maxOutbound: MAX_OUTBOUND, maxBlockRelayOnly: 0 },
        },
        {
          ...{ chain, transport, clock, random, store, logger: p2p },
          makeParts: (options, addresses) => {
            const modules = { chain, addresses, clock, random, logger: p2p };
            light = createSpvParts(options, { ...modules, watcher: lightWallets, bloom });
            return light;
          },
        },
      );
      lightWallets.attach({
        searchFrom: (index) => light.scanner.setBack(index),
        unconfirmed: (transactions) => light.broadcast.offerOnly(transactions),
      });
      closers.push(() => connections.stop());
      if (options.network !== 'none') await connections.start();

      const node = new LightNode(config, modules, { chain, wallets, connections, proofs, light }, closers);
      chain.events.on('failed', ({ error }) => node.abort(error));
      return node;
    } catch (error) {
      await closeAll(closers);
      throw error;
    }
  }

  /** Transactions that wait for a block. */
  get unconfirmedCount(): number {
    return this.light.broadcast.size;
  }

  /** Offers a transaction of this node's own to its peers: nobody here can judge it. */
  submitTransaction(tx: Transaction): Record<string, never> {
    this.light.broadcast.offer(tx);
    return {};
  }
}
