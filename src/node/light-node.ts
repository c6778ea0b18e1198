import { AddressBook } from '../p2p/addresses/address-book.ts';
import { ConnectionManager } from '../p2p/connections/connection-manager.ts';
import { limitedLogger } from '../platform/limited-logger.ts';
import type { Transaction } from '../primitives/transaction.ts';
import { HeaderChain } from '../spv/header-chain.ts';
import { LightNodeProcessor } from '../spv/light-node-processor.ts';
import { ProofStore } from '../spv/proof-store.ts';
import { LmdbStore } from '../store/lmdb/lmdb-store.ts';
import { LightWallets } from '../wallet/light-wallets.ts';
import { WalletFile } from '../wallet/wallet-file.ts';
import { makeDataDir, type NodeConfig, nodePaths } from './config.ts';
import { closeAll, type NetworkMode, type NodeModules, nodeModules, RunningNode } from './running-node.ts';

/** Automatic outbound connections of a light node: enough to detect a peer that sends false data. */
const MAX_OUTBOUND = 4;

type LightNodeParts = Pick<LightNode, 'chain' | 'wallets' | 'connections' | 'proofs' | 'processor'>;

/**
 * A node that stores headers instead of blocks, and its wallets' transactions with their merkle proofs. It makes
 * outbound connections only and serves no data except its own transactions.
 */
export class LightNode extends RunningNode {
  readonly chain: HeaderChain;
  readonly wallets: WalletFile;
  readonly connections: ConnectionManager;
  readonly proofs: ProofStore;
  /** @internal */
  readonly processor: LightNodeProcessor;

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
    this.processor = parts.processor;
  }

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
    const modules = nodeModules(overrides);
    const { clock, random, transport, logger, signal, stores } = modules;
    const layer = (category: string) => logger.child({ category });
    const { params, p2p, light } = config;
    const closers: (() => unknown)[] = [];
    // A file may fail before the node has started.
    let fail: (error: unknown) => void = () => {};
    const failed = new Promise<unknown>((resolve) => {
      fail = resolve;
    });
    try {
      const open = async (kind: 'header chain' | 'wallet', path: string): Promise<LmdbStore> => {
        const store = await LmdbStore.open({ ...config.store, path, network: params.marker, kind, signal });
        closers.push(() => store.close());
        void store.failed.then(fail);
        signal?.throwIfAborted();
        return store;
      };
      if (!stores) makeDataDir(config.dataDir);
      const paths = nodePaths(config);
      const store = stores?.chain ?? (await open('header chain', paths.chain));
      const chain = await HeaderChain.open(params, { store, clock, logger: layer('chain') });
      closers.push(() => chain.flush());
      chain.events.on('failed', ({ error }) => fail(error));

      const walletStore = stores?.wallet ?? (await open('wallet', paths.wallet));
      const wallets = await WalletFile.open({ params }, { store: walletStore, random, clock, logger: layer('wallet') });
      const proofs = new ProofStore(store);
      const lightWallets = new LightWallets({
        ...{ file: wallets, chain, proofs, clock },
        logger: layer('wallet'),
      });
      closers.push(() => lightWallets.close());

      const p2pModules = { clock, random, logger: limitedLogger(layer('p2p'), clock) };
      const book = new AddressBook({ clock, random, store }, p2p);
      const processor = new LightNodeProcessor(
        { v2Transport: p2p.v2Transport },
        { ...p2pModules, chain, book, watcher: lightWallets, bloom: light.bloom },
      );
      lightWallets.attach({
        rescanAfter: (index) => processor.scanner.rewindTo(index),
        unconfirmedChanged: (transactions) => processor.broadcast.replaceAll(transactions),
      });
      const connections = new ConnectionManager(
        {
          magic: params.magic,
          addNodes: options.network === 'none' ? [] : p2p.seeds,
          sparesAddedNodes: false,
          maxOutbound: p2p.maxOutbound ?? MAX_OUTBOUND,
          maxBlockRelayOnly: 0,
        },
        { ...p2pModules, transport, book, processor },
      );
      closers.push(() => connections.stop());
      if (options.network !== 'none') await connections.start();

      const node = new LightNode(config, modules, { chain, wallets, connections, proofs, processor }, closers);
      void failed.then((error) => node.abort(error));
      return node;
    } catch (error) {
      await closeAll(closers);
      throw error;
    }
  }

  /** Number of unconfirmed transactions that this node broadcasts. */
  get unconfirmedCount(): number {
    return this.processor.broadcast.size;
  }

  /** Announces a local transaction to all peers, without validation: a light node has no UTXO set. */
  submitTransaction(tx: Transaction): Record<string, never> {
    this.processor.broadcast.announce(tx);
    return {};
  }
}
