import { AddressBook } from '../../p2p/addresses/address-book.ts';
import { ConnectionManager } from '../../p2p/connections/connection-manager.ts';
import { limitedLogger } from '../../platform/limited-logger.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import { HeaderChain } from '../../spv/header-chain.ts';
import { LightNodeProcessor } from '../../spv/light-node-processor.ts';
import { ProofStore } from '../../spv/proof-store.ts';
import { LightWallets } from '../../wallet/light-wallets.ts';
import { WalletFile } from '../../wallet/wallet-file.ts';
import { logHeaders } from './log-node.ts';
import {
  type CompleteModules,
  completeModules,
  type NetworkMode,
  type NodeModules,
  RunningNode,
} from './running-node.ts';
import type { NodeConfig } from './settings.ts';
import { type Composed, givenStorage, type NodeStorage, type Opening, startComposed } from './storage.ts';

/** Automatic outbound connections of a light node: enough to detect a peer that sends false data. */
const MAX_OUTBOUND = 4;

/** The parts of a light node. */
export type LightNodeParts = Pick<RunningLightNode, 'chain' | 'wallets' | 'connections' | 'proofs' | 'processor'>;

/**
 * A node that stores headers instead of blocks, and its wallets' transactions with their merkle proofs. It makes
 * outbound connections only and serves no data except its own transactions.
 */
export class RunningLightNode extends RunningNode {
  readonly chain: HeaderChain;
  readonly wallets: WalletFile;
  readonly connections: ConnectionManager;
  readonly proofs: ProofStore;
  /** @internal */
  readonly processor: LightNodeProcessor;

  /** @internal */
  protected constructor(config: NodeConfig, modules: CompleteModules, { parts, closers }: Composed<LightNodeParts>) {
    super(config, modules, closers);
    this.chain = parts.chain;
    this.wallets = parts.wallets;
    this.connections = parts.connections;
    this.proofs = parts.proofs;
    this.processor = parts.processor;
  }

  /** Starts a node on stores and links that it is given. Throws `PierError` if a store is invalid. */
  static startOn(
    config: NodeConfig,
    options: { readonly network: NetworkMode },
    given: Partial<NodeModules> & Required<Pick<NodeModules, 'stores' | 'transport'>>,
  ): Promise<RunningLightNode> {
    const modules = completeModules(given);
    return startComposed(
      (opening) => composeLightNode(config, options, modules, givenStorage(given.stores!, modules.clock), opening),
      (composed) => new RunningLightNode(config, modules, composed),
    );
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

/** Creates the parts in the order of the layers, and passes each part the ones it depends on. */
export async function composeLightNode(
  config: NodeConfig,
  { network }: { readonly network: NetworkMode },
  { clock, random, transport, logger }: CompleteModules,
  storage: Pick<NodeStorage, 'openChain' | 'openWallet'>,
  opening: Opening,
): Promise<LightNodeParts> {
  const layer = (category: string) => logger.child({ category });
  const { params, p2p, light } = config;
  const store = await storage.openChain(opening);
  const chain = await HeaderChain.open(params, { store, clock, logger: layer('chain') });
  opening.onStop(() => chain.flush());
  chain.events.on('failed', ({ error }) => opening.fail(error));

  const walletStore = await storage.openWallet(opening);
  const wallets = await WalletFile.open({ params }, { store: walletStore, random, clock, logger: layer('wallet') });
  const proofs = new ProofStore(store);
  const lightWallets = new LightWallets({
    ...{ file: wallets, chain, proofs, clock },
    logger: layer('wallet'),
  });
  opening.onStop(() => lightWallets.close());

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
      addNodes: network === 'none' ? [] : p2p.seeds,
      sparesAddedNodes: false,
      maxOutbound: p2p.maxOutbound ?? MAX_OUTBOUND,
      maxBlockRelayOnly: 0,
    },
    { ...p2pModules, transport, book, processor },
  );
  opening.onStop(() => connections.stop());
  logHeaders(chain, { connections, processor, clock, logger: layer('chain') });
  if (network !== 'none') await connections.start();
  return { chain, wallets, connections, proofs, processor };
}
