import { equalBytes } from '../bytes/compare.ts';
import type { BlockIndex } from '../chain/tree/block-index.ts';
import type { ChainEvents } from '../chain/tree/events.ts';
import type { Logger } from '../platform/logger.ts';
import type { Block } from '../primitives/block.ts';
import type { OutPoint } from '../primitives/outpoint.ts';
import type { Transaction } from '../primitives/transaction.ts';
import type { HeaderChain } from '../spv/header-chain.ts';
import { paymentProofs } from '../spv/payment-proof.ts';
import type { ProofStore } from '../spv/proof-store.ts';
import type { ProvedTransaction, TransactionWatcher } from '../spv/watcher.ts';
import type { Store, StoreOperation } from '../store/store.ts';
import type { SyncRecord } from './records.ts';
import type { Wallet } from './wallet.ts';
import type { WalletFile } from './wallet-file.ts';
import { TIMESTAMP_WINDOW } from './wallet-sync.ts';

/** Payments to the wallets that only strangers vouch for, kept at a time: anybody can make them up. */
const MAX_HEARD = 100;

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
export class LightWallets implements TransactionWatcher {
  readonly #modules: LightWalletsModules;
  #hooks: LightWalletsHooks = { searchFrom() {}, unconfirmed() {} };
  #writing: Promise<unknown> = Promise.resolve();
  /** Payments of others that no block has been proved to hold, by txid: not ours to send. */
  readonly #heard = new Set<string>();
  readonly #unsubscribe: () => void;

  constructor(modules: LightWalletsModules) {
    this.#modules = modules;
    const { file, chain } = modules;
    this.#forgetHeard();
    // The chain may have moved just before the process was killed.
    for (const wallet of file.wallets()) this.#reopen(wallet);
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
    // Wallets know of nothing beyond what they are known to have seen, or a start could not take it back.
    operations.push(...this.#catchUp(index));
    const ours = [...block.transactions.keys()].filter((i) => this.#concerns(block.transactions[i]!));
    const txids = ours.map((i) => block.transactions[i]!.txidHex);
    const shown = paymentProofs(block, index.height, ours);
    this.#write(proofs.put(txids.map((txid, i) => [txid, shown[i]!])));
    this.#store(operations);
    logger.info({ height: index.height, block: index.hashHex, transactions: txids }, 'payments proved');
    this.#offer();
    return true;
  }

  outPoints(): readonly OutPoint[] {
    return this.#wallets.flatMap((wallet) => wallet.watchedOutPoints());
  }

  proved(index: BlockIndex, transactions: readonly ProvedTransaction[]): number {
    const { proofs, logger } = this.#modules;
    const ours = transactions.filter(({ transaction, proof }) => {
      const operations = this.#confirm(transaction, index, proof.proof.position);
      if (operations.length === 0) return false;
      this.#heard.delete(transaction.txidHex);
      this.#store(operations);
      return true;
    });
    if (ours.length > 0) {
      this.scanned(index);
      this.#write(proofs.put(ours.map(({ transaction, proof }) => [transaction.txidHex, proof])));
      const txids = ours.map(({ transaction }) => transaction.txidHex);
      logger.info({ height: index.height, block: index.hashHex, transactions: txids }, 'payments proved');
      this.#offer();
    }
    return transactions.filter(({ transaction }) => this.#concerns(transaction)).length;
  }

  announced(tx: Transaction): void {
    if (this.#concerns(tx)) return;
    if (this.#heard.size >= MAX_HEARD) this.#dropSettled();
    if (this.#heard.size >= MAX_HEARD) return;
    const operations = this.#wallets.flatMap((wallet) => wallet.transactionHeard(tx));
    if (operations.length === 0) return;
    this.#store(operations);
    if (!this.#isSpend(tx)) this.#heard.add(tx.txidHex);
    this.#modules.logger.info({ txid: tx.txidHex }, 'a payment waits for a block, as a peer says');
  }

  setBack(index: BlockIndex): void {
    const sync = this.#syncRecord(index);
    const ahead = this.#wallets.filter(({ syncedTo }) => syncedTo && syncedTo.height > index.height);
    this.#store(ahead.flatMap((wallet) => wallet.synced(sync)));
  }

  scanned(index: BlockIndex): void {
    this.#store(this.#catchUp(index));
  }

  #catchUp(index: BlockIndex): StoreOperation[] {
    const sync = this.#syncRecord(index);
    const behind = this.#wallets.filter(({ syncedTo }) => !syncedTo || syncedTo.height < index.height);
    return behind.flatMap((wallet) => wallet.synced(sync));
  }

  // The chain's moves

  #tipChanged({ fork, previous }: ChainEvents['tip']): void {
    if (fork === previous) return;
    for (const wallet of this.#wallets) this.#rewind(wallet, fork);
    this.#withdrawLost();
    this.#offer();
  }

  #withdrawLost(): void {
    const { chain, proofs, logger } = this.#modules;
    const { withdrawn, stored } = proofs.withdraw(({ blockHash }) => {
      const index = chain.getIndex(blockHash);
      return !index || !chain.contains(index);
    });
    this.#write(stored);
    for (const [txid, { height }] of withdrawn) {
      logger.warn({ txid, height }, 'payment proof withdrawn: block disconnected');
    }
  }

  /** Takes back what a wallet knows from blocks behind this one. */
  #rewind(wallet: Wallet, fork: BlockIndex): void {
    const isAhead = wallet.syncedTo && wallet.syncedTo.height > fork.height;
    const sync = isAhead ? wallet.synced(this.#syncRecord(fork)) : [];
    this.#store([...wallet.rewind(fork.height), ...sync]);
  }

  /** A wallet from its file, which is written apart from that of the headers: either may be behind the other. */
  #reopen(wallet: Wallet): void {
    const { chain, proofs } = this.#modules;
    if (!wallet.syncedTo) return;
    let { height } = chain.findLocator(wallet.syncedTo.locator);
    for (const { entry } of wallet.history()) {
      const { confirmation, tx } = entry;
      if (!confirmation || confirmation.height > height) continue;
      const proof = proofs.get(tx.txidHex);
      if (!proof || !equalBytes(proof.blockHash, confirmation.blockHash)) height = confirmation.height - 1;
    }
    this.#rewind(wallet, chain.atHeight(height)!);
  }

  /** A new wallet. One that was restored may have been paid in any block. */
  async #adopt(wallet: Wallet): Promise<void> {
    const { chain } = this.#modules;
    if (wallet.record.birthday > 0) this.#store(wallet.synced(this.#syncRecord(chain.tip)));
    // At once: a search that is under way would take this wallet to have seen what it has passed.
    this.#hooks.searchFrom(this.start());
    await this.#writing;
  }

  #offer(): void {
    const waiting = this.#wallets
      .flatMap((wallet) => wallet.unconfirmed())
      .filter(({ txidHex }) => !this.#heard.has(txidHex));
    for (const tx of waiting) this.#store(this.#wallets.flatMap((wallet) => wallet.transactionAdded(tx)));
    this.#hooks.unconfirmed(waiting);
  }

  // What only strangers vouch for

  /** What was heard before the last stop may have been made up. Who knows of it will tell again. */
  #forgetHeard(): void {
    const withdrawn = new Set(this.#modules.proofs.withdrawn().map(([txid]) => txid));
    for (const wallet of this.#wallets) {
      const heard = wallet.unconfirmed().filter((tx) => !withdrawn.has(tx.txidHex) && !this.#isSpend(tx));
      this.#store(heard.flatMap(({ txidHex }) => wallet.forget(txidHex)));
    }
  }

  #dropSettled(): void {
    const waiting = new Set(this.#wallets.flatMap((wallet) => wallet.unconfirmed()).map(({ txidHex }) => txidHex));
    for (const txid of this.#heard) if (!waiting.has(txid)) this.#heard.delete(txid);
  }

  /** Whether the transaction spends a coin of the wallets. */
  #isSpend({ txidHex }: Transaction): boolean {
    return this.#wallets.some((wallet) => (wallet.transaction(txidHex)?.debit ?? 0n) > 0n);
  }

  // Helpers

  /** Nothing comes of what is known to be in this block. */
  #confirm(tx: Transaction, { hash, height, time }: BlockIndex, position: number): StoreOperation[] {
    return this.#wallets.flatMap((wallet) => {
      const known = wallet.transaction(tx.txidHex)?.entry.confirmation;
      if (known && equalBytes(known.blockHash, hash)) return [];
      return wallet.transactionConfirmed(tx, { height, blockHash: hash, blockTime: time, position });
    });
  }

  get #wallets(): readonly Wallet[] {
    return this.#modules.file.wallets();
  }

  #concerns({ txidHex }: Transaction): boolean {
    return this.#wallets.some((wallet) => wallet.transaction(txidHex) !== undefined);
  }

  #syncRecord(index: BlockIndex): SyncRecord {
    return { height: index.height, locator: this.#modules.chain.locator(index) };
  }

  #store(operations: StoreOperation[]): void {
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
