import type { LoadedDump, LoadOptions } from '../../mempool/dump.ts';
import type { Mempool } from '../../mempool/mempool.ts';
import type { Clock } from '../../platform/clock.ts';

/** The files that RPC methods of a node read and write. */
export interface NodeFiles {
  /** Returns the size of the chain's file in bytes; 0 if there is none, as for a chain in memory. */
  chainSize(): Promise<number>;
  /** Path of the node's mempool.dat. */
  readonly mempoolPath: string;
  /** Writes the mempool to `mempoolPath`. Rejects with `PierError` 'mempool-not-saved'. */
  saveMempool(mempool: Mempool): Promise<void>;
  /** Adds the transactions of a mempool.dat to the mempool. Rejects with `PierError` 'bad-mempool-file'. */
  loadMempool(mempool: Mempool, path: string, clock: Clock, options: LoadOptions): Promise<LoadedDump>;
}
