import type { AcceptResult, Mempool } from '../mempool/mempool.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Transaction } from '../primitives/transaction.ts';
import type { StoreOperation } from '../store/store.ts';
import type { Wallet } from './wallet.ts';
import type { WalletFile } from './wallet-file.ts';

/** Milliseconds until a transaction that has left the mempool is offered again. */
const SOON_MS = 1000;
/** Milliseconds between attempts while the mempool rejects one. */
const RETRY_MS = 60_000;

/** Modules that `resubmission` uses. */
export interface ResubmissionModules {
  readonly mempool: Mempool;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Offers the wallets' pending transactions to the mempool (Core: ResubmitWalletTransactions). */
export interface Resubmission {
  /** Offers those that are not in the mempool. Returns the writes. */
  now(): StoreOperation[];
  /** Does so after a second: a change of the mempool must be complete before the next. */
  soon(): void;
  stop(): void;
}

/**
 * Creates the resubmission for the wallets of a file. A transaction that another has replaced is not offered, and
 * neither is one that conflicts with a block or that is abandoned. While one is rejected, it is offered every minute.
 */
export function resubmission(file: WalletFile, { mempool, logger, clock }: ResubmissionModules): Resubmission {
  let timer: Timer | undefined;
  let isStopped = false;
  const arm = (ms: number) => {
    timer?.cancel();
    timer = isStopped ? undefined : clock.after(ms, run);
  };
  const offer = (wallet: Wallet, tx: Transaction) => {
    const offered = (result: AcceptResult) => {
      if (!('reject' in result)) return;
      const { reason } = result.reject;
      logger.info({ wallet: wallet.name, txid: tx.txidHex, reason }, 'wallet transaction rejected by the mempool');
    };
    const result = mempool.acceptAsync(tx);
    if (!(result instanceof Promise)) return offered(result);
    const failed = (error: unknown) => logger.info({ err: error, txid: tx.txidHex }, 'wallet transaction not verified');
    // Its children were rejected meanwhile.
    void result
      .then(offered)
      .catch(failed)
      .finally(() => arm(SOON_MS));
  };
  const now = (): StoreOperation[] => {
    const operations: StoreOperation[] = [];
    for (const wallet of file.wallets()) {
      if (!wallet.hasUnoffered) continue;
      for (const tx of wallet.unconfirmed()) {
        if (mempool.has(tx.txid)) {
          operations.push(...wallet.transactionAdded(tx));
          continue;
        }
        offer(wallet, tx);
      }
    }
    if (file.wallets().some((wallet) => wallet.hasUnoffered)) arm(RETRY_MS);
    return operations;
  };
  const run = () => {
    timer = undefined;
    // The mempool's events record what it accepts.
    void file.write(now()).catch((error: unknown) => logger.error({ err: error }, 'wallet file write failed'));
  };
  return {
    now,
    soon: () => arm(SOON_MS),
    stop: () => {
      isStopped = true;
      timer?.cancel();
    },
  };
}
