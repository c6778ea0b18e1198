import { existsSync } from 'node:fs';
import { Chain } from '../chain/chain.ts';
import { type AcceptResult, Mempool } from '../mempool/mempool.ts';
import { Miner } from '../mining/miner.ts';
import { AddressBook } from '../p2p/addresses/address-book.ts';
import { ConnectionManager } from '../p2p/connections/connection-manager.ts';
import { FullNodeProcessor } from '../p2p/processing/full-node-processor.ts';
import type { MockableClock } from '../platform/clock.ts';
import { limitedLogger } from '../platform/limited-logger.ts';
import type { Transaction } from '../primitives/transaction.ts';
import { decodeAddress } from '../script/address.ts';
import { LmdbStore } from '../store/lmdb/lmdb-store.ts';
import { MemoryStore } from '../store/memory-store.ts';
import type { Store } from '../store/store.ts';
import { WalletFile } from '../wallet/wallet-file.ts';
import { attachWallet } from '../wallet/wallet-sync.ts';
import { makeDataDir, type NodeConfig, nodePaths } from './config.ts';
import { descriptorLimit, shareDescriptors } from './descriptors.ts';
import { fillMempool, MempoolFile } from './mempool-file.ts';
import { closeAll, type NetworkMode, type NodeModules, nodeModules, RunningNode } from './running-node.ts';

export type { NetworkMode, NodeModules } from './running-node.ts';

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
 * address. `start` creates the parts in the order of the layers and passes each part the ones it depends on.
 */
export class FullNode extends RunningNode {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly wallets: WalletFile;
  readonly processor: FullNodeProcessor;
  readonly connections: ConnectionManager;
  readonly miner: Miner;

  private constructor(
    config: NodeConfig,
    modules: NodeModules & { readonly clock: MockableClock },
    parts: Pick<FullNode, 'chain' | 'mempool' | 'wallets' | 'processor' | 'connections' | 'miner'>,
    closers: readonly (() => unknown)[],
  ) {
    super(config, modules, closers);
    this.chain = parts.chain;
    this.mempool = parts.mempool;
    this.wallets = parts.wallets;
    this.processor = parts.processor;
    this.connections = parts.connections;
    this.miner = parts.miner;
  }

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
    const modules = nodeModules(overrides);
    const { clock, random, transport, logger, signal, stores } = modules;
    const layer = (category: string) => logger.child({ category });
    // Peers can trigger log lines in these layers.
    const exposedLayer = (category: string) => limitedLogger(layer(category), clock);
    const { params, mining, p2p } = config;
    const scriptPubKey = mining.address === undefined ? undefined : decodeAddress(mining.address, params.address);

    const closers: (() => unknown)[] = [];
    // A file may fail before the node has started.
    let fail: (error: unknown) => void = () => {};
    const failed = new Promise<unknown>((resolve) => {
      fail = resolve;
    });
    try {
      const open = async (kind: 'blockchain' | 'wallet', path: string, create: boolean): Promise<Store> => {
        if (!create && !existsSync(path)) return new MemoryStore();
        const store = await LmdbStore.open({ ...config.store, path, network: params.marker, kind, create, signal });
        closers.push(() => store.close());
        void store.failed.then(fail);
        signal?.throwIfAborted();
        return store;
      };
      const paths = nodePaths(config);
      if (!stores && (options.createChain || options.createWallet)) makeDataDir(config.dataDir);

      const store = stores?.chain ?? (await open('blockchain', paths.chain, options.createChain));
      // Only a node that listens serves filters.
      const blockFilterIndex = config.chain.blockFilterIndex === true && options.network === 'full';
      const chain = await Chain.open(
        { ...config.chain, params, blockFilterIndex },
        { store, clock, logger: exposedLayer('chain') },
      );
      closers.push(() => chain.close());
      chain.events.on('failed', ({ error }) => fail(error));
      signal?.throwIfAborted();

      const mempool = new Mempool(config.mempool, { chain, clock, logger: exposedLayer('mempool') });
      closers.push(() => mempool.close());
      if (stores?.mempool) fillMempool(mempool, stores.mempool, clock);
      if (store instanceof LmdbStore) {
        // Before the wallets, which would offer what another transaction in the file has replaced.
        const mempoolFile = new MempoolFile(mempool, paths.mempool, { clock, logger: layer('mempool') });
        await mempoolFile.start(signal);
        closers.push(() => mempoolFile.stop());
      }

      const walletStore = stores?.wallet ?? (await open('wallet', paths.wallet, options.createWallet));
      const wallets = await WalletFile.open({ params }, { store: walletStore, random, clock, logger: layer('wallet') });
      closers.push(await attachWallet(wallets, { chain, mempool, clock, logger: layer('wallet'), signal }));
      signal?.throwIfAborted();

      const miner = new Miner(
        { scriptPubKey, mineAtTxs: mining.mineAtTxs, threads: mining.threads },
        { chain, mempool, clock, logger: layer('mining') },
      );
      closers.push(() => miner.stop());

      const p2pModules = { clock, random, logger: exposedLayer('p2p') };
      const book = new AddressBook({ clock, random, store }, p2p);
      const processor = new FullNodeProcessor(p2p, { ...p2pModules, chain, mempool, book });
      const connections = new ConnectionManager(
        {
          magic: params.magic,
          listen: options.network === 'full' ? { host: p2p.host, port: config.nodeId } : undefined,
          addNodes: options.network === 'none' ? [] : p2p.seeds,
          maxConnections: shareDescriptors(descriptorLimit(), p2p.maxConnections).p2p,
          ...(p2p.maxOutbound === undefined ? {} : { maxOutbound: p2p.maxOutbound }),
        },
        { ...p2pModules, transport, book, processor },
      );
      closers.push(() => connections.stop());
      if (options.network !== 'none') await connections.start();
      if (scriptPubKey && options.network === 'full') miner.start();

      const node = new FullNode(config, modules, { chain, mempool, wallets, processor, connections, miner }, closers);
      void failed.then((error) => node.abort(error));
      return node;
    } catch (error) {
      await closeAll(closers);
      throw error;
    }
  }

  /** Number of transactions in the mempool. */
  get unconfirmedCount(): number {
    return this.mempool.size;
  }

  /** Adds a local transaction to the mempool, which relays it. Returns a reject if it is invalid; a promise if its scripts are costly. */
  submitTransaction(tx: Transaction): AcceptResult | Promise<AcceptResult> {
    return this.mempool.acceptAsync(tx);
  }
}
