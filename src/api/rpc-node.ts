import type { Chain } from '../chain/chain.ts';
import type { ChainParams } from '../consensus/params.ts';
import type { AcceptResult, Mempool } from '../mempool/mempool.ts';
import type { Miner } from '../mining/miner.ts';
import type { NodeConfig } from '../node/config.ts';
import type { PeerManager } from '../p2p/peer-manager.ts';
import type { MockableClock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Transaction } from '../primitives/transaction.ts';
import type { WalletFile } from '../wallet/wallet-file.ts';

/** The part of a node that its API works on. */
export interface RpcNode {
  readonly config: Pick<NodeConfig, 'nodeId' | 'dataDir' | 'minerAddress' | 'mineAtTxs'>;
  readonly params: ChainParams;
  readonly clock: MockableClock;
  readonly logger: Logger;
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly peers: PeerManager;
  readonly miner: Miner;
  /** Absent in a node without wallets. */
  readonly wallets?: WalletFile | undefined;
  /** Milliseconds, by the monotonic clock. */
  readonly startedAt: number;
  /** Takes a transaction of this node's own into the mempool, from where it is relayed. */
  submitTransaction(tx: Transaction): AcceptResult;
  /** Ends the node, its API included. */
  stop(): Promise<void>;
}
