import type { BlockIndex } from '../chain/block-index.ts';
import type { ChainEvents } from '../chain/events.ts';
import type { Logger } from '../platform/logger.ts';
import type { Block } from '../primitives/block.ts';
import type { Transaction } from '../primitives/transaction.ts';
import type { HeaderChain } from '../spv/header-chain.ts';
import { paymentProofs } from '../spv/payment-proof.ts';
import type { ProofStore } from '../spv/proof-store.ts';
import type { Watcher } from '../spv/watcher.ts';
import type { Operation, Store } from '../store/store.ts';
import type { SyncRecord } from './records.ts';
import type { Wallet } from './wallet.ts';
import type { WalletFile } from './wallet-file.ts';
import { TIMESTAMP_WINDOW } from './wallet-sync.ts';

export interface LightWalletsModules {
  readonly file: WalletFile;
  readonly chain: HeaderChain;
  readonly proofs: ProofStore;
  /** The wallet file's. */
  readonly store: Store;
  readonly logger: Logger;
}

export interface LightWalletsHooks {
  /** The search has to begin anew behind this block: there is a wallet that has not seen what follows. */
  searchFrom(index: BlockIndex): void;
  /** These are what the wallets have sent and no block holds. */
  unconfirmed(transactions: readonly Transaction[]): void;
}

/**
 * Keeps the wallets of a file in step with a chain of which only the headers are there: takes the blocks that hold
 * something of theirs, keeps a proof of each payment, and takes both back when the block is lost.
 */
export class LightWallets implements Watcher {
  readonly #modules: LightWalletsModules;
  #hooks: LightWalletsHooks = { searchFrom() {}, unconfirmed() {} };
  #writing: Promise<unknown> = Promise.resolve();
  readonly #unsubscribe: () => void;

  constructor(modules: LightWalletsModules) {
    this.#modules = modules;
    const { file, chain } = modules;
    // The chain may have moved just before the process was killed.
    for (const wallet of file.wallets()) this.#rewind(wallet);
    this.#withdrawLost();
    file.onCreated((wallet) => this.#adopt(wallet));
    this.#unsubscribe = chain.events.on('tip', (change) => this.#tipChanged(change));
  }

  /** Who searches and sends for the wallets from now on. */
  attach(hooks: LightWalletsHooks): void {
    this.#hooks = hooks;
    this.#offer();
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    await this.#writing;
  }

  // What the search asks

  start(): BlockIndex {
    const { chain } = this.#modules;
    let start = chain.tip;
    for (const { syncedTo } of this.#wallets) {
      const seen = syncedTo ? chain.findLocator(syncedTo.locator) : chain.atHeight(0)!;
      if (seen.height < start.height) start = seen;
    }
    return start;
  }

  /** Blocks older than the oldest wallet hold nothing of it. */
  skip(scanned: BlockIndex): BlockIndex {
    const { chain } = this.#modules;
    const birthday = Math.min(...this.#wallets.map(({ record }) => record.birthday));
    let at = scanned;
    for (let next = chain.atHeight(at.height + 1); next; next = chain.atHeight(at.height + 1)) {
      if (next.time >= birthday - TIMESTAMP_WINDOW) break;
      at = next;
    }
    return at;
  }

  scripts(): readonly Uint8Array[] {
    return this.#wallets.flatMap((wallet) => wallet.watchedScripts());
  }

  found(index: BlockIndex, block: Block): boolean {
    const { proofs, logger } = this.#modules;
    const operations = this.#wallets.flatMap((wallet) => wallet.blockConnected(block, index.height));
    if (operations.length === 0) return false;
    const ours = [...block.transactions.keys()].filter((i) => this.#concerns(block.transactions[i]!));
    const txids = ours.map((i) => block.transactions[i]!.txidHex);
    const shown = paymentProofs(block, index.height, ours);
    this.#write(proofs.put(txids.map((txid, i) => [txid, shown[i]!])));
    this.#store(operations);
    logger.info({ height: index.height, block: index.hashHex, transactions: txids }, 'payments proved');
    this.#offer();
    return true;
  }

  scanned(index: BlockIndex): void {
    const sync = this.#syncRecord(index);
    const behind = this.#wallets.filter(({ syncedTo }) => !syncedTo || syncedTo.height < index.height);
    this.#store(behind.flatMap((wallet) => wallet.synced(sync)));
  }

  // The chain's moves

  #tipChanged({ fork, previous }: ChainEvents['tip']): void {
    if (fork === previous) return;
    for (const wallet of this.#wallets) this.#rewind(wallet);
    this.#withdrawLost();
    this.#offer();
  }

  #withdrawLost(): void {
    const { chain, proofs, logger } = this.#modules;
    const { lost, stored } = proofs.withdraw(({ blockHash }) => {
      const index = chain.getIndex(blockHash);
      return !index || !chain.contains(index);
    });
    this.#write(stored);
    for (const [txid, { height }] of lost) {
      logger.warn({ txid, height }, 'the proof of a payment is withdrawn: its block is no longer in the best chain');
    }
  }

  /** Takes back what a wallet knows from blocks that are not in the best chain. */
  #rewind(wallet: Wallet): void {
    const { chain } = this.#modules;
    const { syncedTo } = wallet;
    if (!syncedTo) return;
    const fork = chain.findLocator(syncedTo.locator);
    if (fork.height === syncedTo.height) return;
    this.#store([...wallet.rewind(fork.height), ...wallet.synced(this.#syncRecord(fork))]);
  }

  /** A new wallet. One that was restored may have been paid in any block. */
  async #adopt(wallet: Wallet): Promise<void> {
    const { chain } = this.#modules;
    if (wallet.record.birthday > 0) this.#store(wallet.synced(this.#syncRecord(chain.tip)));
    await this.#writing;
    this.#hooks.searchFrom(this.start());
  }

  #offer(): void {
    const waiting = this.#wallets.flatMap((wallet) => wallet.unconfirmed());
    for (const tx of waiting) this.#store(this.#wallets.flatMap((wallet) => wallet.transactionAdded(tx)));
    this.#hooks.unconfirmed(waiting);
  }

  // Helpers

  get #wallets(): readonly Wallet[] {
    return this.#modules.file.wallets();
  }

  #concerns({ txidHex }: Transaction): boolean {
    return this.#wallets.some((wallet) => wallet.transaction(txidHex) !== undefined);
  }

  #syncRecord(index: BlockIndex): SyncRecord {
    return { height: index.height, locator: this.#modules.chain.locator(index) };
  }

  #store(operations: Operation[]): void {
    if (operations.length > 0) this.#write(this.#modules.store.write(operations));
  }

  /** What is in memory stays right if this fails, and the next start searches the same blocks again. */
  #write(writing: Promise<unknown>): void {
    const safe = writing.catch((error: unknown) => {
      this.#modules.logger.error({ err: error }, 'what was found cannot be written');
    });
    this.#writing = Promise.all([this.#writing, safe]);
  }
}
