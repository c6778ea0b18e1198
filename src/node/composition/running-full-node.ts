import { Chain } from '../../chain/chain.ts';
import { type AcceptResult, Mempool } from '../../mempool/mempool.ts';
import { Miner } from '../../mining/miner.ts';
import { AddressBook } from '../../p2p/addresses/address-book.ts';
import { ConnectionManager } from '../../p2p/connections/connection-manager.ts';
import { FullNodeProcessor } from '../../p2p/processing/full-node-processor.ts';
import { limitedLogger } from '../../platform/limited-logger.ts';
import { randomInt } from '../../platform/random.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import { decodeAddress } from '../../script/address.ts';
import { WalletFile } from '../../wallet/wallet-file.ts';
import { attachWallet } from '../../wallet/wallet-sync.ts';
import { logBlocks } from './log-node.ts';
import {
  type CompleteModules,
  completeModules,
  type NetworkMode,
  type NodeModules,
  RunningNode,
} from './running-node.ts';
import type { NodeConfig } from './settings.ts';
import { type Composed, givenStorage, type NodeStorage, type Opening, startComposed } from './storage.ts';

/** The parts of a full node. */
export type FullNodeParts = Pick<
  RunningFullNode,
  'chain' | 'mempool' | 'wallets' | 'processor' | 'connections' | 'miner'
>;

/**
 * A node that validates the whole chain, relays blocks and transactions, holds wallets, and mines if it has a miner
 * address. `composeFullNode` creates its parts.
 */
export class RunningFullNode extends RunningNode {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly wallets: WalletFile;
  readonly processor: FullNodeProcessor;
  readonly connections: ConnectionManager;
  readonly miner: Miner;

  /** @internal */
  protected constructor(config: NodeConfig, modules: CompleteModules, { parts, closers }: Composed<FullNodeParts>) {
    super(config, modules, closers);
    this.chain = parts.chain;
    this.mempool = parts.mempool;
    this.wallets = parts.wallets;
    this.processor = parts.processor;
    this.connections = parts.connections;
    this.miner = parts.miner;
  }

  /** Starts a node on stores and links that it is given. Throws `PierError` if a store is invalid. */
  static startOn(
    config: NodeConfig,
    options: { readonly network: NetworkMode },
    given: Partial<NodeModules> & Required<Pick<NodeModules, 'stores' | 'transport'>>,
  ): Promise<RunningFullNode> {
    const modules = completeModules(given);
    return startComposed(
      (opening) => composeFullNode(config, options, modules, givenStorage(given.stores!, modules.clock), opening),
      (composed) => new RunningFullNode(config, modules, composed),
    );
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

/** Extra nonces with which a node's miner may begin: all take four bytes, so that blocks have one size. */
const FIRST_EXTRA_NONCES = { least: 0x80_0000, count: 0x80_0000 };

/** Options of `composeFullNode`. */
export interface CompositionOptions {
  readonly network: NetworkMode;
  /** Limit of peer connections, if it is not that of the configuration. */
  readonly maxConnections?: number | undefined;
}

/** Creates the parts in the order of the layers, and passes each part the ones it depends on. */
export async function composeFullNode(
  config: NodeConfig,
  { network, maxConnections = config.p2p.maxConnections }: CompositionOptions,
  { clock, random, transport, logger, signal, refusesBlock, signatures }: CompleteModules,
  storage: NodeStorage,
  opening: Opening,
): Promise<FullNodeParts> {
  const layer = (category: string) => logger.child({ category });
  // Peers can trigger log lines in these layers.
  const exposedLayer = (category: string) => limitedLogger(layer(category), clock);
  const { params, mining, p2p } = config;
  const scriptPubKey = mining.address === undefined ? undefined : decodeAddress(mining.address, params.address);

  const store = await storage.openChain(opening);
  // Only a node that listens serves filters.
  const blockFilterIndex = config.chain.blockFilterIndex === true && network === 'full';
  const chain = await Chain.open(
    { ...config.chain, params, blockFilterIndex },
    { store, clock, logger: exposedLayer('chain'), signatures },
  );
  opening.onStop(() => chain.close());
  chain.events.on('failed', ({ error }) => opening.fail(error));
  signal?.throwIfAborted();

  const mempool = new Mempool(config.mempool, { chain, clock, logger: exposedLayer('mempool') });
  opening.onStop(() => mempool.close());
  // Before the wallets, which would offer what another transaction in a file has replaced.
  await storage.keepMempool(mempool, opening);

  const walletStore = await storage.openWallet(opening);
  const wallets = await WalletFile.open({ params }, { store: walletStore, random, clock, logger: layer('wallet') });
  opening.onStop(await attachWallet(wallets, { chain, mempool, clock, logger: layer('wallet'), signal }));
  signal?.throwIfAborted();

  const miner = new Miner(
    {
      ...{ scriptPubKey, mineAtTxs: mining.mineAtTxs, threads: mining.threads },
      firstExtraNonce: FIRST_EXTRA_NONCES.least + randomInt(random, FIRST_EXTRA_NONCES.count),
    },
    { chain, mempool, clock, logger: layer('mining') },
  );
  opening.onStop(() => miner.stop());

  const p2pModules = { clock, random, logger: exposedLayer('p2p') };
  const book = new AddressBook({ clock, random, store }, p2p);
  const processor = new FullNodeProcessor(p2p, { ...p2pModules, chain, mempool, book, refusesBlock });
  const connections = new ConnectionManager(
    {
      magic: params.magic,
      listen: network === 'full' ? (p2p.listen ?? [{ host: p2p.host, port: config.nodeId }]) : [],
      networkActive: p2p.networkActive ?? true,
      userAgent: p2p.userAgent,
      addNodes: network === 'none' ? [] : p2p.seeds,
      ...(maxConnections === undefined ? {} : { maxConnections }),
      ...(p2p.maxOutbound === undefined ? {} : { maxOutbound: p2p.maxOutbound }),
    },
    { ...p2pModules, transport, book, processor },
  );
  opening.onStop(() => connections.stop());
  // Not limited: a block costs the sender work.
  logBlocks(chain, { connections, processor, clock, logger: layer('chain') });
  if (network !== 'none') await connections.start();
  if (scriptPubKey && network === 'full') miner.start();
  return { chain, mempool, wallets, processor, connections, miner };
}
