import type { Chain } from '../chain/chain.ts';
import type { BlockIndex } from '../chain/tree/block-index.ts';
import type { Mempool } from '../mempool/mempool.ts';
import type { Logger } from '../platform/logger.ts';
import type { Store, StoreOperation } from '../store/store.ts';
import type { Wallet } from './wallet.ts';
import type { WalletFile } from './wallet-file.ts';

/** Blocks to scan between writes; a crash repeats at most this many. */
const SCAN_BATCH = 500;
/** Seconds that a block's time may differ from the real time (Core: TIMESTAMP_WINDOW). */
export const TIMESTAMP_WINDOW = 2 * 60 * 60;

/** Modules that `attachWallet` uses. */
export interface WalletSyncModules {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly store: Store;
  readonly logger: Logger;
}

/**
 * Keeps the wallets of a file in sync with the chain and the mempool: scans the blocks since the file was closed, also
 * across a reorganisation, then follows events. Resolves when all wallets are at the tip, with a function that
 * detaches.
 */
export async function attachWallet(file: WalletFile, modules: WalletSyncModules): Promise<() => Promise<void>> {
  const { chain, mempool, store, logger } = modules;
  let writing: Promise<void> = Promise.resolve();
  const write = (operations: StoreOperation[]) => {
    if (operations.length === 0) return;
    writing = store.write(operations).catch((error: unknown) => {
      // The state in memory stays correct; the next start scans these blocks again.
      logger.error({ err: error }, 'wallet file write failed');
    });
  };

  /** Wallets below the tip: they get their blocks by the scan, not by events. */
  const scanning = new Set<Wallet>();
  const scan = async (wallet: Wallet) => {
    scanning.add(wallet);
    await scanToTip(wallet, modules);
    scanning.delete(wallet);
  };
  for (const wallet of file.wallets()) await scan(wallet);
  file.onCreated(scan);

  const following = (wallet: Wallet) => !scanning.has(wallet);
  const off = [
    chain.events.on('blockConnected', ({ index, block }) => {
      const sync = syncRecord(chain, index);
      write(
        file
          .wallets()
          .filter(following)
          .flatMap((wallet) => [...wallet.blockConnected(block, index.height), ...wallet.synced(sync)]),
      );
    }),
    chain.events.on('blockDisconnected', ({ index }) => {
      const sync = syncRecord(chain, index.prev!);
      write(
        file
          .wallets()
          .filter(following)
          .flatMap((wallet) => [...wallet.rewind(index.height - 1), ...wallet.synced(sync)]),
      );
    }),
    mempool.events.on('added', ({ entry }) => {
      write(file.wallets().flatMap((wallet) => wallet.transactionAdded(entry.tx)));
    }),
    mempool.events.on('removed', ({ entry }) => {
      for (const wallet of file.wallets()) wallet.transactionRemoved(entry.tx);
    }),
  ];
  for (const { tx } of mempool.entries()) write(file.wallets().flatMap((wallet) => wallet.transactionAdded(tx)));
  for (const wallet of file.wallets()) resubmit(wallet, mempool, logger);

  return async () => {
    for (const unsubscribe of off) unsubscribe();
    await writing;
  };
}

/** Scans the blocks from a wallet's sync state to the tip (Core: ScanForWalletTransactions). */
async function scanToTip(wallet: Wallet, { chain, store, logger }: Omit<WalletSyncModules, 'mempool'>): Promise<void> {
  const { syncedTo } = wallet;
  let at = syncedTo ? chain.findLocator(syncedTo.locator) : chain.atHeight(0)!;
  let operations: StoreOperation[] = syncedTo && syncedTo.height > at.height ? wallet.rewind(at.height) : [];
  const first = at.height;
  // The tip may change during a write.
  while (at !== chain.tip || operations.length > 0 || !wallet.syncedTo) {
    for (let i = 0; i < SCAN_BATCH && at !== chain.tip; i++) {
      at = chain.atHeight(at.height + 1)!;
      if (at.time < wallet.record.birthday - TIMESTAMP_WINDOW) continue;
      const block = chain.getBlock(at);
      if (block) operations.push(...wallet.blockConnected(block, at.height));
    }
    operations.push(...wallet.synced(syncRecord(chain, at)));
    await store.write(operations);
    operations = [];
    // A reorganisation during the write may have disconnected `at`.
    const fork = chain.findFork(at);
    if (fork !== at) {
      operations = wallet.rewind(fork.height);
      at = fork;
    }
  }
  if (at.height > first) logger.info({ wallet: wallet.name, from: first, to: at.height }, 'wallet scan finished');
}

/** Submits the wallet's unconfirmed transactions to the mempool (Core: ResubmitWalletTransactions). */
function resubmit(wallet: Wallet, mempool: Mempool, logger: Logger): void {
  for (const tx of wallet.unconfirmed()) {
    if (mempool.has(tx.txid)) continue;
    const result = mempool.accept(tx);
    if ('reject' in result)
      logger.info(
        { wallet: wallet.name, txid: tx.txidHex, reason: result.reject.reason },
        'wallet transaction rejected by the mempool',
      );
  }
}

function syncRecord(chain: Chain, index: BlockIndex) {
  return { height: index.height, locator: chain.locator(index) };
}
