import { equalBytes } from '../bytes/compare.ts';
import type { BlockIndex } from '../chain/tree/block-index.ts';
import type { ChainEvents } from '../chain/tree/events.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Block } from '../primitives/block.ts';
import type { OutPoint } from '../primitives/outpoint.ts';
import type { Transaction } from '../primitives/transaction.ts';
import type { HeaderChain } from '../spv/header-chain.ts';
import { paymentProofs } from '../spv/payment-proof.ts';
import type { ProofStore } from '../spv/proof-store.ts';
import type { ProvedTransaction, TransactionWatcher } from '../spv/watcher.ts';
import type { StoreOperation } from '../store/store.ts';
import { KeyCoverage } from './light/key-coverage.ts';
import { isActive, isTipRecent, TIMESTAMP_WINDOW } from './scan.ts';
import type { Wallet } from './wallet.ts';
import type { WalletFile } from './wallet-file.ts';

/** Unconfirmed payments from others to keep; a peer can invent any number of them. */
const MAX_ANNOUNCED = 100;

/** Modules that `LightWallets` uses. */
export interface LightWalletsModules {
  readonly file: WalletFile;
  readonly chain: HeaderChain;
  readonly proofs: ProofStore;
  readonly logger: Logger;
  /** Default: the system's. */
  readonly clock?: Clock;
}

/** Calls from `LightWallets` to the scan and the transaction broadcast. */
export interface LightWalletsHooks {
  /** Restarts the scan after this block for a new wallet, which may be above what is scanned. */
  rescanAfter(index: BlockIndex): void;
  /** Replaces the set of the wallets' own unconfirmed transactions. */
  unconfirmedChanged(transactions: readonly Transaction[]): void;
}

/**
 * Keeps the wallets of a light node in sync with its header chain: adds the transactions that the scan finds, stores a
 * proof of each, and withdraws both when the block is disconnected.
 */
export class LightWallets implements TransactionWatcher {
  readonly #modules: LightWalletsModules;
  #hooks: LightWalletsHooks = { rescanAfter() {}, unconfirmedChanged() {} };
  #writing: Promise<unknown> = Promise.resolve();
  readonly #coverage = new Map<Wallet, KeyCoverage>();
  /** Txids of unconfirmed payments from others; the node does not broadcast them. */
  readonly #announced = new Set<string>();
  readonly #unsubscribe: () => void;

  constructor(modules: LightWalletsModules) {
    this.#modules = modules;
    const { file, chain } = modules;
    this.#removeAnnounced();
    // A crash may have left a file behind a reorganisation.
    for (const coverage of this.#coverages) {
      this.#reconcile(coverage);
      this.#store(coverage.resume());
    }
    this.#withdrawDisconnected();
    file.onCreated((wallet) => this.#addWallet(wallet));
    this.#unsubscribe = chain.events.on('tip', (change) => this.#tipChanged(change));
  }

  /** Sets the hooks and broadcasts the wallets' unconfirmed transactions. */
  attach(hooks: LightWalletsHooks): void {
    this.#hooks = hooks;
    this.#broadcast();
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    await this.#writing;
  }

  // TransactionWatcher

  start(): BlockIndex {
    const { chain } = this.#modules;
    return chain.atHeight(Math.min(chain.tip.height, ...this.#coverages.map(({ position }) => position)))!;
  }

  /** Returns to blocks to be matched with new keys. Skips blocks that all wallets know, or that are older than they. */
  resumeAfter(scanned: BlockIndex): BlockIndex {
    const { chain, clock = systemClock } = this.#modules;
    this.#store(this.#coverages.flatMap((coverage) => coverage.noteKeys(scanned.height)));
    if (scanned === chain.tip) {
      this.#store(this.#coverages.flatMap((coverage) => coverage.settle(isTipRecent(chain, clock))));
    }
    const start = this.start();
    if (start.height < scanned.height) return start;
    const birthday = Math.min(...this.#wallets.map(({ record }) => record.birthday));
    const next = Math.min(...this.#coverages.map((coverage) => coverage.nextAfter(scanned.height)));
    let at = chain.atHeight(Math.min(next - 1, chain.tip.height))!;
    for (let next = chain.atHeight(at.height + 1); next; next = chain.atHeight(at.height + 1)) {
      if (next.time >= birthday - TIMESTAMP_WINDOW) break;
      at = next;
    }
    return at;
  }

  scripts(index?: BlockIndex): readonly Uint8Array[] {
    return this.#coverages.flatMap((coverage) =>
      index ? coverage.scripts(index.height) : coverage.wallet.watchedScripts(),
    );
  }

  found(index: BlockIndex, block: Block): boolean {
    const { proofs, logger } = this.#modules;
    const operations = this.#wallets.flatMap((wallet) => wallet.blockConnected(block, index.height));
    if (operations.length === 0) return false;
    // No confirmation may be above a wallet's sync state, or `#reconcile` could not remove it after a restart.
    operations.push(...this.#coverages.flatMap((coverage) => coverage.found(index)), ...this.#markScanned(index));
    const ours = [...block.transactions.keys()].filter((i) => this.#concerns(block.transactions[i]!));
    const txids = ours.map((i) => block.transactions[i]!.txidHex);
    const blockProofs = paymentProofs(block, index.height, ours);
    this.#write(proofs.put(txids.map((txid, i) => [txid, blockProofs[i]!])));
    this.#store(operations);
    logger.info({ height: index.height, block: index.hashHex, transactions: txids }, 'payments proved');
    this.#broadcast();
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
      this.#announced.delete(transaction.txidHex);
      this.#store(operations);
      return true;
    });
    if (ours.length > 0) {
      // The block may be requested again for new keys.
      this.#store(this.#coverages.flatMap((coverage) => coverage.found(index)));
      this.#store(this.#markScanned(index.prev!));
      this.#write(proofs.put(ours.map(({ transaction, proof }) => [transaction.txidHex, proof])));
      const txids = ours.map(({ transaction }) => transaction.txidHex);
      logger.info({ height: index.height, block: index.hashHex, transactions: txids }, 'payments proved');
      this.#broadcast();
    }
    return transactions.filter(({ transaction }) => this.#concerns(transaction)).length;
  }

  announced(tx: Transaction): void {
    if (this.#concerns(tx)) return;
    if (this.#announced.size >= MAX_ANNOUNCED) this.#dropSettled();
    if (this.#announced.size >= MAX_ANNOUNCED) return;
    const operations = this.#wallets.flatMap((wallet) => wallet.transactionAnnounced(tx));
    if (operations.length === 0) return;
    this.#store(operations);
    if (!this.#isSpend(tx)) this.#announced.add(tx.txidHex);
    this.#modules.logger.info({ txid: tx.txidHex }, 'unconfirmed payment announced');
  }

  rewindTo(index: BlockIndex): void {
    this.#store(this.#coverages.flatMap((coverage) => coverage.rewindTo(index)));
  }

  scanned(index: BlockIndex): void {
    this.#store(this.#markScanned(index));
  }

  #markScanned(index: BlockIndex): StoreOperation[] {
    return this.#coverages.flatMap((coverage) => coverage.scanned(index));
  }

  // Reorganisations

  #tipChanged({ fork, previous }: ChainEvents['tip']): void {
    if (fork === previous) return;
    for (const coverage of this.#coverages) this.#rewind(coverage, fork);
    this.#withdrawDisconnected();
    this.#broadcast();
  }

  #withdrawDisconnected(): void {
    const { chain, proofs, logger } = this.#modules;
    const { withdrawn, stored } = proofs.withdraw((block) => !isActive(chain, block));
    this.#write(stored);
    for (const [txid, { height }] of withdrawn) {
      logger.warn({ txid, height }, 'payment proof withdrawn: block disconnected');
    }
  }

  /** Removes a wallet's confirmations in blocks above `fork`. */
  #rewind(coverage: KeyCoverage, fork: BlockIndex): void {
    const { chain } = this.#modules;
    const operations = coverage.wallet.rewind(fork.height, (block) => isActive(chain, block));
    this.#store([...operations, ...coverage.rewindTo(fork)]);
  }

  /** Rewinds a wallet to the last block that both files agree on: wallet and headers are written separately. */
  #reconcile(coverage: KeyCoverage): void {
    const { chain, proofs } = this.#modules;
    const { wallet } = coverage;
    if (!wallet.syncedTo) return;
    let { height } = chain.findLocator(wallet.syncedTo.locator);
    for (const { entry } of wallet.history()) {
      const { confirmation, tx } = entry;
      if (!confirmation || confirmation.height > height) continue;
      const proof = proofs.get(tx.txidHex);
      if (!proof || !equalBytes(proof.blockHash, confirmation.blockHash)) height = confirmation.height - 1;
    }
    this.#rewind(coverage, chain.atHeight(height)!);
  }

  /** Starts following a new wallet. A restored one (birthday 0) is scanned for from genesis. */
  async #addWallet(wallet: Wallet): Promise<void> {
    const { chain } = this.#modules;
    const from = wallet.record.birthday > 0 ? chain.tip : chain.atHeight(0)!;
    this.#store(this.#coverageOf(wallet).start(from));
    // Restart the scan at once, before it marks blocks as scanned that this wallet was not scanned for.
    this.#hooks.rescanAfter(this.start());
    await this.#writing;
  }

  /** Broadcasts the wallets' own unconfirmed transactions. */
  #broadcast(): void {
    const own = this.#wallets
      .flatMap((wallet) => wallet.unconfirmed())
      .filter(({ txidHex }) => !this.#announced.has(txidHex));
    for (const tx of own) this.#store(this.#wallets.flatMap((wallet) => wallet.transactionAdded(tx)));
    this.#hooks.unconfirmedChanged(own);
  }

  // Unconfirmed payments from others

  /** Removes unconfirmed payments that peers announced before the last stop. Peers announce existing ones again. */
  #removeAnnounced(): void {
    const withdrawn = new Set(this.#modules.proofs.withdrawn().map(([txid]) => txid));
    for (const wallet of this.#wallets) {
      const announced = wallet.unconfirmed().filter((tx) => !withdrawn.has(tx.txidHex) && !this.#isSpend(tx));
      this.#store(announced.flatMap(({ txidHex }) => wallet.forget(txidHex)));
    }
  }

  /** Drops confirmed and conflicted transactions from `#announced`. */
  #dropSettled(): void {
    const unconfirmed = new Set(this.#wallets.flatMap((wallet) => wallet.unconfirmed()).map(({ txidHex }) => txidHex));
    for (const txid of this.#announced) if (!unconfirmed.has(txid)) this.#announced.delete(txid);
  }

  /** Returns whether the transaction spends a coin of the wallets. */
  #isSpend({ txidHex }: Transaction): boolean {
    return this.#wallets.some((wallet) => (wallet.transaction(txidHex)?.debit ?? 0n) > 0n);
  }

  // Helpers

  /** Adds a confirmed transaction; returns nothing if its confirmation is known. */
  #confirm(tx: Transaction, { hash, height, time }: BlockIndex, position: number): StoreOperation[] {
    return this.#wallets.flatMap((wallet) => {
      if (wallet.isKnown(tx, hash)) return [];
      return wallet.transactionConfirmed(tx, { height, blockHash: hash, blockTime: time, position });
    });
  }

  get #wallets(): readonly Wallet[] {
    return this.#modules.file.wallets();
  }

  #concerns({ txidHex }: Transaction): boolean {
    return this.#wallets.some((wallet) => wallet.transaction(txidHex) !== undefined);
  }

  get #coverages(): readonly KeyCoverage[] {
    return this.#wallets.map((wallet) => this.#coverageOf(wallet));
  }

  #coverageOf(wallet: Wallet): KeyCoverage {
    let coverage = this.#coverage.get(wallet);
    if (!coverage) {
      coverage = new KeyCoverage(wallet, this.#modules.chain);
      this.#coverage.set(wallet, coverage);
    }
    return coverage;
  }

  #store(operations: StoreOperation[]): void {
    this.#write(this.#modules.file.write(operations));
  }

  /** If a write fails, the state in memory stays correct; the next start scans the same blocks again. */
  #write(writing: Promise<unknown>): void {
    const safe = writing.catch((error: unknown) => {
      this.#modules.logger.error({ err: error }, 'wallet or proof write failed');
    });
    this.#writing = Promise.all([this.#writing, safe]);
  }
}
