import type { Chain } from '../../chain/chain.ts';
import type { HeaderView } from '../../chain/tree/header-view.ts';
import type { ChainParams } from '../../consensus/params.ts';
import type { AcceptResult, Mempool } from '../../mempool/mempool.ts';
import type { Miner } from '../../mining/miner.ts';
import type { NodeFiles } from '../../node/composition/node-files.ts';
import type { NodeConfig } from '../../node/composition/settings.ts';
import type { ConnectionManager } from '../../p2p/connections/connection-manager.ts';
import type { MockableClock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import type { WalletFile } from '../../wallet/wallet-file.ts';

/** The parts of a full or light node that RPC methods use. */
export interface AnyRpcNode {
  readonly config: Pick<NodeConfig, 'nodeId' | 'dataDir'>;
  /** The files that methods read and write; absent where there are none, as in a browser. */
  readonly files?: NodeFiles | undefined;
  readonly params: ChainParams;
  readonly clock: MockableClock;
  readonly logger: Logger;
  readonly chain: HeaderView;
  /** Absent on a light node. */
  readonly mempool?: Mempool;
  readonly connections: ConnectionManager;
  /** Absent on a node without wallets. */
  readonly wallets?: WalletFile | undefined;
  /** Milliseconds on the monotonic clock. */
  readonly startedAt: number;
  /** Accepts a transaction of the node's user and relays it. */
  submitTransaction(tx: Transaction): AcceptResult | Promise<AcceptResult> | { readonly reject?: undefined };
  /** Stops the node and its RPC server. */
  stop(): Promise<void>;
}

/** The parts of a full node that RPC methods use. */
export interface RpcNode extends AnyRpcNode {
  readonly config: Pick<NodeConfig, 'nodeId' | 'dataDir' | 'mining'>;
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly miner: Miner;
  submitTransaction(tx: Transaction): AcceptResult | Promise<AcceptResult>;
}
