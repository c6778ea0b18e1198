import type { Chain } from '../chain/chain.ts';
import type { Mempool } from '../mempool/mempool.ts';
import { parentsFirst } from '../mempool/parents-first.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Transaction } from '../primitives/transaction.ts';
import type { StoreOperation } from '../store/store.ts';
import { resubmission } from './resubmit.ts';
import { scanToTip, settlePass, syncRecord } from './scan.ts';
import { chainLimits } from './spend/chain-limits.ts';
import type { Wallet } from './wallet.ts';
import type { WalletFile } from './wallet-file.ts';

/** Modules that `attachWallet` uses. */
export interface WalletSyncModules {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly logger: Logger;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Ends scans before the tip; the next start continues them. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Keeps the wallets of a file in sync with the chain and the mempool: scans the blocks since the file was closed, also
 * across a reorganisation, then follows events. Resolves when all wallets are at the tip, with a function that
 * detaches.
 */
export async function attachWallet(file: WalletFile, modules: WalletSyncModules): Promise<() => Promise<void>> {
  const { chain, mempool, logger, clock = systemClock, signal } = modules;
  let writing: Promise<void> = Promise.resolve();
  const write = (operations: StoreOperation[]) => {
    if (operations.length === 0) return;
    writing = file.write(operations).catch((error: unknown) => {
      // The state in memory stays correct; the next start scans these blocks again.
      logger.error({ err: error }, 'wallet file write failed');
    });
  };

  /** Wallets below the tip: they get their blocks by a scan, not by events. */
  const behind = new Set(file.wallets());
  const scans = new Set<Promise<void>>();
  let isDetached = false;
  const scan = (wallet: Wallet): Promise<void> => {
    behind.add(wallet);
    const caughtUp = (operations: StoreOperation[]) => {
      behind.delete(wallet);
      write(operations);
      write(mempoolScanned(wallet, mempool));
    };
    const done = scanToTip(wallet, file, {
      chain,
      logger,
      clock,
      isStopped: () => isDetached || signal?.aborted === true,
      caughtUp,
    });
    const settled = done.finally(() => scans.delete(settled));
    scans.add(settled);
    return settled;
  };
  const limits = chainLimits(mempool);
  const adopt = (wallet: Wallet): Promise<void> => {
    wallet.setChainLimits(limits);
    return scan(wallet);
  };
  const following = (wallet: Wallet) => !behind.has(wallet);
  const resubmit = resubmission(file, { mempool, logger, clock });
  const off = [
    chain.events.on('blockConnected', ({ index, block }) => {
      const sync = syncRecord(chain, index);
      write(
        file
          .wallets()
          .filter(following)
          .flatMap((wallet) => {
            const operations = wallet.blockConnected(block, index.height);
            return operations.length > 0 ? [...operations, ...wallet.moved(sync)] : wallet.passed(sync);
          }),
      );
    }),
    chain.events.on('blockDisconnected', ({ index }) => {
      const sync = syncRecord(chain, index.prev!);
      write(
        file.wallets().flatMap((wallet) => [
          // A scan that repeats earlier blocks has confirmations above the block that it is at.
          ...wallet.rewind(index.height - 1),
          ...(following(wallet) ? wallet.moved(sync) : []),
        ]),
      );
    }),
    chain.events.on('tip', () => {
      for (const wallet of file.wallets().filter(following)) {
        const settled = settlePass(wallet, chain, clock);
        if (settled === 'repeat') {
          scan(wallet).catch((error: unknown) =>
            logger.error({ err: error, wallet: wallet.name }, 'wallet scan failed'),
          );
        } else write(settled);
      }
      write(resubmit.now());
    }),
    mempool.events.on('added', ({ entry }) => {
      write(file.wallets().flatMap((wallet) => transactionAdded(wallet, entry.tx, mempool)));
    }),
    mempool.events.on('removed', ({ entry, reason }) => {
      write(file.wallets().flatMap((wallet) => wallet.transactionRemoved(entry.tx, reason)));
      const isByBlock = reason === 'block' || reason === 'conflict';
      if (!isByBlock && file.wallets().some((wallet) => mayBePendingWithout(wallet, entry.tx))) resubmit.soon();
    }),
  ];
  file.onCreated(adopt);
  for (const wallet of file.wallets()) await adopt(wallet);
  write(resubmit.now());

  return async () => {
    isDetached = true;
    resubmit.stop();
    for (const unsubscribe of off) unsubscribe();
    await Promise.allSettled(scans);
    write(file.wallets().flatMap((wallet) => wallet.unwritten()));
    await writing;
  };
}

/**
 * Returns whether a transaction of the wallet may be pending once `tx` has left the mempool: `tx` itself, or one that
 * was in conflict with it.
 */
function mayBePendingWithout(wallet: Wallet, tx: Transaction): boolean {
  return wallet.transaction(tx.txidHex) !== undefined || wallet.conflictsOf(tx).length > 0;
}

/** Adds a mempool transaction, and those that pay keys which it adds. Returns the writes. */
function transactionAdded(wallet: Wallet, tx: Transaction, mempool: Mempool): StoreOperation[] {
  const watched = wallet.watchedCount;
  const operations = wallet.transactionAdded(tx);
  return wallet.watchedCount === watched ? operations : [...operations, ...mempoolScanned(wallet, mempool)];
}

/**
 * Adds the mempool's transactions to a wallet, parents first: a spend of the wallet's coin concerns the wallet only once
 * the coin is known. Repeats as long as that finds keys to watch, which other transactions may pay. Returns the writes.
 */
function mempoolScanned(wallet: Wallet, mempool: Mempool): StoreOperation[] {
  const operations: StoreOperation[] = [];
  const entries = parentsFirst(mempool.entries());
  for (let watched = -1; watched !== wallet.watchedCount; ) {
    watched = wallet.watchedCount;
    for (const { tx } of entries) operations.push(...wallet.transactionAdded(tx));
  }
  return operations;
}
