import type { Chain } from '../chain/chain.ts';
import type { BlockIndex } from '../chain/tree/block-index.ts';
import type { Mempool } from '../mempool/mempool.ts';
import type { Logger } from '../platform/logger.ts';
import type { Store, StoreOperation } from '../store/store.ts';
import type { Wallet } from './wallet.ts';
import type { WalletFile } from './wallet-file.ts';

/** Blocks that are scanned before what was found is written; a crash costs so many at the most. */
const SCAN_BATCH = 500;
/** Headers' times may run ahead of and behind the world's by two hours (Core: TIMESTAMP_WINDOW). */
export const TIMESTAMP_WINDOW = 2 * 60 * 60;

export interface WalletSyncModules {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly store: Store;
  readonly logger: Logger;
}

/**
 * Keeps the wallets of a file in step with the chain and the mempool: first catches up, from wherever each of them was when
 * the file was closed, also across a reorganisation; then follows events. Returns a function that ends it.
 */
export async function attachWallet(file: WalletFile, modules: WalletSyncModules): Promise<() => Promise<void>> {
  const { chain, mempool, store, logger } = modules;
  let writing: Promise<void> = Promise.resolve();
  const write = (operations: StoreOperation[]) => {
    if (operations.length === 0) return;
    writing = store.write(operations).catch((error: unknown) => {
      // What is in memory stays right, and the next start scans these blocks again.
      logger.error({ err: error }, 'the wallet file cannot be written');
    });
  };

  /** Wallets that are behind the tip: they get their blocks by scanning. */
  const behind = new Set<Wallet>();
  const bringUp = async (wallet: Wallet) => {
    behind.add(wallet);
    await catchUp(wallet, modules);
    behind.delete(wallet);
  };
  for (const wallet of file.wallets()) await bringUp(wallet);
  file.onCreated(bringUp);

  const following = (wallet: Wallet) => !behind.has(wallet);
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

/** Brings one wallet up to the tip. */
async function catchUp(wallet: Wallet, { chain, store, logger }: Omit<WalletSyncModules, 'mempool'>): Promise<void> {
  const { syncedTo } = wallet;
  let at = syncedTo ? chain.findLocator(syncedTo.locator) : chain.atHeight(0)!;
  let operations: StoreOperation[] = syncedTo && syncedTo.height > at.height ? wallet.rewind(at.height) : [];
  const first = at.height;
  // The chain may grow while what was found is written.
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
    // A reorganisation meanwhile would have left us on a lost branch.
    const fork = chain.findFork(at);
    if (fork !== at) {
      operations = wallet.rewind(fork.height);
      at = fork;
    }
  }
  if (at.height > first) logger.info({ wallet: wallet.name, from: first, to: at.height }, 'wallet has caught up');
}

/** Offers the mempool what the wallet had sent and no block holds (Core: ReacceptWalletTransactions). */
function resubmit(wallet: Wallet, mempool: Mempool, logger: Logger): void {
  for (const tx of wallet.unconfirmed()) {
    if (mempool.has(tx.txid)) continue;
    const result = mempool.accept(tx);
    if ('reject' in result)
      logger.info(
        { wallet: wallet.name, txid: tx.txidHex, reason: result.reject.reason },
        'not taken back into the mempool',
      );
  }
}

function syncRecord(chain: Chain, index: BlockIndex) {
  return { height: index.height, locator: chain.locator(index) };
}
