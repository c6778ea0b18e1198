import type { Chain } from '../../chain/chain.ts';
import type { HeaderView } from '../../chain/tree/header-view.ts';
import type { ChainParams } from '../../consensus/params.ts';
import type { AcceptResult, Mempool } from '../../mempool/mempool.ts';
import type { Miner } from '../../mining/miner.ts';
import type { NodeConfig } from '../../node/config.ts';
import type { ConnectionManager } from '../../p2p/connections/connection-manager.ts';
import type { MockableClock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import type { WalletFile } from '../../wallet/wallet-file.ts';

/** What the API needs of any node, be it one with all blocks or a light one. */
export interface AnyRpcNode {
  readonly config: Pick<NodeConfig, 'nodeId' | 'dataDir'>;
  readonly params: ChainParams;
  readonly clock: MockableClock;
  readonly logger: Logger;
  readonly chain: HeaderView;
  /** Absent in a light node. */
  readonly mempool?: Mempool;
  readonly connections: ConnectionManager;
  /** Absent in a node without wallets. */
  readonly wallets?: WalletFile | undefined;
  /** Milliseconds, by the monotonic clock. */
  readonly startedAt: number;
  /** Takes a transaction of this node's own, and sees to it that others hear of it. */
  submitTransaction(tx: Transaction): AcceptResult | { readonly reject?: undefined };
  /** Ends the node, its API included. */
  stop(): Promise<void>;
}

/** What it needs of a node with all blocks. */
export interface RpcNode extends AnyRpcNode {
  readonly config: Pick<NodeConfig, 'nodeId' | 'dataDir' | 'minerAddress' | 'mineAtTxs'>;
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly miner: Miner;
  submitTransaction(tx: Transaction): AcceptResult;
}
