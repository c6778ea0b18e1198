import type { Chain } from '../../src/chain/chain.ts';
import type { Mempool } from '../../src/mempool/mempool.ts';
import { AddressBook, type AddressBookOptions } from '../../src/p2p/addresses/address-book.ts';
import { ConnectionManager, type ConnectionManagerOptions } from '../../src/p2p/connections/connection-manager.ts';
import { FullNodeProcessor, type FullNodeProcessorOptions } from '../../src/p2p/processing/full-node-processor.ts';
import type { Transport } from '../../src/p2p/transport/connection.ts';
import type { Clock } from '../../src/platform/clock.ts';
import type { Logger } from '../../src/platform/logger.ts';
import type { Random } from '../../src/platform/random.ts';
import type { Store } from '../../src/store/store.ts';

/** Options of a full node's processor and connection manager. */
export type FullNodeConnectionsOptions = FullNodeProcessorOptions &
  AddressBookOptions &
  Omit<ConnectionManagerOptions, 'magic'>;

interface FullNodeConnectionsModules {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly store?: Store;
}

/** Creates the P2P parts of a full node, as `FullNode.start` does. */
export function fullNodeConnections(
  options: FullNodeConnectionsOptions,
  modules: FullNodeConnectionsModules,
): { readonly processor: FullNodeProcessor; readonly connections: ConnectionManager } {
  const book = new AddressBook(modules, options);
  const processor = new FullNodeProcessor(options, { ...modules, book });
  const { magic } = modules.chain.params;
  return { processor, connections: new ConnectionManager({ magic, ...options }, { ...modules, book, processor }) };
}
