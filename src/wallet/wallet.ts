import { equalBytes } from '../bytes/compare.ts';
import type { ChainParams } from '../consensus/params.ts';
import type { RemovalReason } from '../mempool/entry.ts';
import { type Clock, unixSeconds } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Random } from '../platform/random.ts';
import { inSlices } from '../platform/slices.ts';
import type { Block } from '../primitives/block.ts';
import type { OutPoint } from '../primitives/outpoint.ts';
import type { Transaction, TxOut } from '../primitives/transaction.ts';
import { encodeAddress } from '../script/address.ts';
import type { StoreOperation } from '../store/store.ts';
import type { CheckedStore } from './checked-store.ts';
import { WalletError } from './errors.ts';
import { GAP_LIMIT, type KeyPool } from './key-pool.ts';
import { type AddressType, type KeyRef, keyPath } from './keys.ts';
import type { Ledger } from './ledger.ts';
import type { LedgerEntry, WalletCoin } from './ledger-entry.ts';
import { isAcceptableUnconfirmed } from './light/unconfirmed-check.ts';
import {
  buildingSteps,
  checkPayment,
  choosingSteps,
  type Funds,
  type Payment,
  type PaymentOptions,
} from './payment.ts';
import {
  type BlockReference,
  type Confirmation,
  type KeyRecord,
  putSync,
  type SyncRecord,
  type WalletRecord,
} from './records.ts';
import { type ChainLimits, noChainLimits } from './spend/chain-limits.ts';
import type { Balance, UnspentCoin, WalletAddress, WalletTransaction } from './wallet-view.ts';

/** Modules that a `Wallet` uses. */
export interface WalletModules {
  readonly params: ChainParams;
  readonly store: CheckedStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Result of submitting a payment; without `reject` if the mempool accepted the payment. */
export type SubmitResult = { readonly reject?: { readonly reason: string; readonly debug?: string } | undefined };

/** Blocks after which the sync state of a wallet is written although none of them concerns it. */
const MAX_UNWRITTEN_BLOCKS = 100;

/** A wallet: the keys of one mnemonic, and their coins and transactions. */
export class Wallet {
  readonly id: number;
  readonly record: WalletRecord;
  readonly #keys: KeyPool;
  readonly #ledger: Ledger;
  readonly #modules: WalletModules;
  #sync: SyncRecord | undefined;
  /** Blocks since the sync state was written. */
  #unwrittenBlocks = 0;
  #chains: ChainLimits = noChainLimits;
  /** Payments run one after another, so that no two select the same coin. */
  #lastPayment: Promise<unknown> = Promise.resolve();

  /** @internal */
  constructor(
    id: number,
    record: WalletRecord,
    parts: { keys: KeyPool; ledger: Ledger; sync: SyncRecord | undefined },
    modules: WalletModules,
  ) {
    this.id = id;
    this.record = record;
    this.#keys = parts.keys;
    this.#ledger = parts.ledger;
    this.#sync = parts.sync;
    this.#modules = modules;
  }

  get name(): string {
    return this.record.name;
  }

  /** The default type of new addresses. */
  get addressType(): AddressType {
    return this.record.addressType;
  }

  // Addresses

  /** Returns a new address once it is written to the file. */
  async newAddress(options: { change?: boolean; label?: string; type?: AddressType } = {}): Promise<string> {
    const { change = false, type = this.addressType, label } = options;
    const { key, operations } = this.#keys.take({ type, change }, label);
    await this.#modules.store.write(operations);
    const distance = this.#keys.distanceFromUsed(key);
    if (distance > GAP_LIMIT) {
      // Wallets of other programs have the same default.
      this.#modules.logger.warn(
        { wallet: this.name, address: this.#address(key), gap: distance },
        'address beyond the gap limit: a restore from the words finds payments to it only with this gap',
      );
    }
    return this.#address(key);
  }

  /** Returns all addresses handed out. */
  addresses(): WalletAddress[] {
    const used = new Set<KeyRecord['output']['scriptPubKey']>();
    for (const { key } of this.#ledger.coins()) used.add(key.output.scriptPubKey);
    return [...this.#keys.handedOut()].map((key) => ({
      address: this.#address(key),
      type: key.type,
      path: this.path(key),
      change: key.change,
      used: used.has(key.output.scriptPubKey),
      label: key.label ?? '',
    }));
  }

  /** Returns the wallet's key of a script; undefined if the script is not the wallet's. */
  keyOf(scriptPubKey: Uint8Array): KeyRecord | undefined {
    return this.#keys.find(scriptPubKey);
  }

  /**
   * Returns the scriptPubKeys of all keys, including those not handed out yet. With `beyond`, only of those that were not
   * watched when `watchedCounts` returned these numbers.
   */
  watchedScripts(beyond?: readonly number[]): Uint8Array[] {
    return this.#keys.watchedScripts(beyond);
  }

  /** Returns the number of watched keys of each type, external and change. They only grow. */
  watchedCounts(): number[] {
    return this.#keys.watchedCounts();
  }

  /** Returns the wallet's outputs that no known block spends. */
  watchedOutPoints(): OutPoint[] {
    return this.#ledger.unspentInBlocks();
  }

  /** Returns the scriptPubKeys that the transactions of a block pay. */
  scriptsPaidAt(height: number): Uint8Array[] {
    return [...this.#ledger.coins()]
      .filter(({ entry }) => entry.confirmation?.height === height)
      .map(({ output }) => output.scriptPubKey);
  }

  /** Returns whether a transaction is known as confirmed by this block, with all outputs that pay the wallet. */
  isKnown(tx: Transaction, blockHash: Uint8Array): boolean {
    const confirmation = this.#ledger.get(tx.txidHex)?.confirmation;
    return confirmation !== undefined && equalBytes(confirmation.blockHash, blockHash) && this.#ledger.hasCoinsOf(tx);
  }

  /** Number of watched keys. */
  get watchedCount(): number {
    return this.#keys.watchedCount;
  }

  /** The gap that a restore from the mnemonic needs to find payments to every address handed out. */
  get neededGap(): number {
    return this.#keys.neededGap;
  }

  /** Returns whether the wallet has the key of a script. */
  owns(scriptPubKey: Uint8Array): boolean {
    return this.keyOf(scriptPubKey) !== undefined;
  }

  /** Returns the derivation path of a key. */
  path(ref: KeyRef): string {
    return keyPath(ref, this.#modules.params.network === 'main' ? 0 : 1, this.record.account);
  }

  #address(key: KeyRecord): string {
    return encodeAddress(key.output.scriptPubKey, this.#modules.params.address)!;
  }

  // Coins

  /** Returns the balance, without coins spent by unconfirmed transactions. */
  balance(): Balance {
    let trusted = 0n;
    let pending = 0n;
    let immature = 0n;
    for (const { output, isSafe, isMature } of this.#unspent()) {
      if (!isMature) immature += output.value;
      else if (isSafe) trusted += output.value;
      else pending += output.value;
    }
    return { trusted, pending, immature };
  }

  /** Returns the unspent coins, without immature block rewards. */
  listUnspent(): UnspentCoin[] {
    return [...this.#unspent()].filter(({ isMature }) => isMature);
  }

  *#unspent(): Generator<UnspentCoin> {
    const known = new Map<LedgerEntry, boolean>();
    for (const coin of this.#ledger.coins()) {
      if (!this.#isUnspent(coin)) continue;
      const { entry } = coin;
      const confirmations = this.#confirmations(entry);
      const isMature = !entry.tx.isCoinbase || confirmations > this.#modules.params.coinbaseMaturity;
      yield { ...coin, confirmations, isMature, isSafe: this.#isTrusted(entry, known) };
    }
  }

  #isUnspent({ entry, outpoint }: WalletCoin): boolean {
    return (entry.confirmation !== undefined || entry.inMempool) && !this.#ledger.isSpent(outpoint);
  }

  /** Returns whether a transaction is confirmed or spends only trusted coins of the wallet. `known` is a cache. */
  #isTrusted(entry: LedgerEntry, known: Map<LedgerEntry, boolean>): boolean {
    if (entry.confirmation) return true;
    const cached = known.get(entry);
    if (cached !== undefined) return cached;
    const trusted =
      entry.inMempool &&
      entry.tx.inputs.every(({ prevout }) => {
        const coin = this.#ledger.coin(prevout);
        return coin !== undefined && this.#isTrusted(coin.entry, known);
      });
    known.set(entry, trusted);
    return trusted;
  }

  /** Returns the depth, negative for a conflicted transaction (Core: GetTxDepthInMainChain). */
  #confirmations({ confirmation, conflict }: LedgerEntry): number {
    const height = this.#sync?.height ?? 0;
    if (conflict) return Math.min(-1, conflict.height - height - 1);
    return confirmation ? Math.max(1, height - confirmation.height + 1) : 0;
  }

  // Payments

  /** Sets the limits of the mempool that payments are submitted to. */
  setChainLimits(limits: ChainLimits): void {
    this.#chains = limits;
  }

  /**
   * Creates a signed transaction that pays the outputs, with change to a new address, in slices of a few milliseconds.
   * Sends nothing and records only that address, unless `reserveChange` is false. Throws `WalletError`.
   */
  async createTransaction(outputs: readonly TxOut[], options: PaymentOptions = {}): Promise<Payment> {
    checkPayment(outputs, options);
    const { reserveChange = true } = options;
    const { random, clock, store } = this.#modules;
    const changeChain = { type: this.addressType, change: true };
    const change = { value: 0n, scriptPubKey: this.#keys.peek(changeChain).output.scriptPubKey };
    const steps = this.#choosingSteps(outputs, change, options);
    let selection = await inSlices(steps, clock);
    // A block may have spent a coin between two slices.
    while (selection.coins.some((coin) => !this.#isUnspent(coin))) {
      selection = await inSlices(this.#choosingSteps(outputs, change, options), clock);
    }
    // Hand out the change address last: a payment that fails uses no address.
    if (selection.change > 0n && reserveChange) await store.write(this.#keys.take(changeChain).operations);
    return inSlices(buildingSteps(outputs, change, selection, this.#keys, options, random), clock);
  }

  *#choosingSteps(outputs: readonly TxOut[], change: TxOut, options: PaymentOptions) {
    const funds = yield* this.#fundsSteps();
    return yield* choosingSteps(outputs, change, funds, options, this.#modules.random);
  }

  /**
   * Creates a transaction, writes it to the file, and submits it. Throws `WalletError`; 'refused' if `submit` rejects
   * the transaction, which is then removed from the wallet.
   */
  send(
    outputs: readonly TxOut[],
    options: PaymentOptions,
    submit: (tx: Transaction) => SubmitResult | Promise<SubmitResult>,
  ): Promise<Payment> {
    const payment = this.#lastPayment.then(async () => {
      const made = await this.createTransaction(outputs, options);
      await this.#modules.store.write(this.#ledger.record(made.tx, unixSeconds(this.#modules.clock), undefined));
      const { reject } = await submit(made.tx);
      // A block in between makes the node offer all unconfirmed payments: then the mempool has accepted it before.
      if (!reject || this.#ledger.get(made.tx.txidHex)?.inMempool) return made;
      await this.#modules.store.write(this.#ledger.forget(made.tx.txidHex));
      const why = reject.debug === undefined ? reject.reason : `${reject.reason}, ${reject.debug}`;
      throw new WalletError('refused', `the mempool rejected the payment: ${why}`);
    });
    this.#lastPayment = payment.catch(() => {});
    return payment;
  }

  /** Collects the coins for a payment, in steps of one coin. */
  *#fundsSteps(): Generator<void, Funds> {
    const spendable: WalletCoin[] = [];
    let immature = 0n;
    let pending = 0n;
    let firstReward = Number.POSITIVE_INFINITY;
    for (const coin of this.#unspent()) {
      yield;
      if (!coin.isMature) {
        immature += coin.output.value;
        firstReward = Math.min(firstReward, coin.entry.confirmation!.height);
      } else if (coin.isSafe) spendable.push(coin);
      else pending += coin.output.value;
    }
    const maturesAt = firstReward + this.#modules.params.coinbaseMaturity + 1;
    return { spendable, immature, maturesAt, pending, chains: this.#chains };
  }

  // History

  /** Returns all transactions, oldest first. */
  history(): WalletTransaction[] {
    return this.#ledger.entries().map((entry) => this.#describe(entry));
  }

  /** Returns a transaction by its txid (hex, reversed byte order). */
  transaction(txidHex: string): WalletTransaction | undefined {
    const entry = this.#ledger.get(txidHex);
    return entry && this.#describe(entry);
  }

  /** Returns the wallet's other transactions that spend an input of this one. */
  conflictsOf(tx: Transaction): LedgerEntry[] {
    return this.#ledger.conflictsOf(tx);
  }

  #describe(entry: LedgerEntry): WalletTransaction {
    let debit = 0n;
    let ownInputs = 0;
    for (const { prevout } of entry.tx.inputs) {
      const coin = this.#ledger.coin(prevout);
      if (!coin) continue;
      debit += coin.output.value;
      ownInputs++;
    }
    let credit = 0n;
    let total = 0n;
    for (const { value, scriptPubKey } of entry.tx.outputs) {
      total += value;
      if (this.owns(scriptPubKey)) credit += value;
    }
    const fee = ownInputs === entry.tx.inputs.length ? debit - total : undefined;
    const isTrusted = this.#isTrusted(entry, new Map());
    return { entry, confirmations: this.#confirmations(entry), isTrusted, debit, credit, fee };
  }

  // Chain and mempool events. The caller writes the returned operations to the store in the order of the calls.

  /** The block up to which the wallet is scanned; undefined before the first scan. */
  get syncedTo(): SyncRecord | undefined {
    return this.#sync;
  }

  /** Sets the block up to which the wallet is scanned. */
  synced(sync: SyncRecord): StoreOperation[] {
    this.#sync = sync;
    this.#unwrittenBlocks = 0;
    return [putSync(this.id, sync)];
  }

  /** Does so after a block was connected or disconnected, and keeps the pass of the scan. */
  moved(sync: SyncRecord): StoreOperation[] {
    const pass = this.#sync?.pass;
    return this.synced(pass ? { ...sync, pass: { ...pass, from: Math.min(pass.from, sync.height) } } : sync);
  }

  /**
   * Does so after a connected block without anything of the wallet. The state is written with the wallet's next change,
   * by `unwritten`, or after 100 such blocks: a start after a crash scans at most these again.
   */
  passed(sync: SyncRecord): StoreOperation[] {
    if (this.#sync?.pass || this.#unwrittenBlocks + 1 >= MAX_UNWRITTEN_BLOCKS) return this.moved(sync);
    this.#sync = sync;
    this.#unwrittenBlocks++;
    return [];
  }

  /** Returns the write of the sync state, if it is not written yet. */
  unwritten(): StoreOperation[] {
    return this.#unwrittenBlocks > 0 ? this.synced(this.#sync!) : [];
  }

  /**
   * Adds the wallet's transactions in a connected block, and marks those that conflict with the block's. Repeats it as
   * long as that finds keys to watch, which the block's earlier transactions may pay.
   */
  blockConnected(block: Block, height: number): StoreOperation[] {
    const { hash: blockHash, header } = block;
    const operations: StoreOperation[] = [];
    for (let watched = -1; watched !== this.watchedCount; ) {
      watched = this.watchedCount;
      for (const [position, tx] of block.transactions.entries()) {
        operations.push(...this.transactionConfirmed(tx, { height, blockHash, blockTime: header.time, position }));
      }
    }
    return operations;
  }

  /** Adds a confirmed transaction; of one that does not concern the wallet, only the conflicts count. */
  transactionConfirmed(tx: Transaction, confirmation: Confirmation): StoreOperation[] {
    const operations = this.#ledger.confirmedElsewhere(tx, confirmation);
    if (!this.#ledger.concerns(tx)) return operations;
    return [...operations, ...this.#ledger.record(tx, unixSeconds(this.#modules.clock), confirmation)];
  }

  /**
   * Removes all confirmations above `height`. `isActive` tells which of those blocks are in the active chain: a locator
   * can find less than the last common block.
   */
  rewind(height: number, isActive?: (block: BlockReference) => boolean): StoreOperation[] {
    return this.#ledger.rewind(height, isActive);
  }

  /** Adds a transaction that the mempool accepted; of one that does not concern the wallet, only the conflicts count. */
  transactionAdded(tx: Transaction): StoreOperation[] {
    this.#ledger.addMempoolConflict(tx);
    if (!this.#ledger.concerns(tx)) return [];
    const known = this.#ledger.get(tx.txidHex);
    const operations =
      known && !known.confirmation ? [] : this.#ledger.record(tx, unixSeconds(this.#modules.clock), undefined);
    return [...operations, ...this.#ledger.mempoolAdded(this.#ledger.get(tx.txidHex)!)];
  }

  /**
   * Adds an unconfirmed transaction from an untrusted peer, for a node without a mempool. Ignores one that conflicts
   * with a block or fails `isAcceptableUnconfirmed`. Unconfirmed transactions that conflict with it are no longer
   * pending.
   */
  transactionAnnounced(tx: Transaction): StoreOperation[] {
    const known = this.#ledger.get(tx.txidHex);
    if (known?.confirmation || known?.conflict || this.#ledger.isConflicted(tx)) return [];
    const output = (outpoint: OutPoint) => this.#ledger.coin(outpoint)?.output;
    if (!this.#ledger.concerns(tx) || !isAcceptableUnconfirmed(tx, output)) return [];
    for (const conflict of this.#ledger.conflictsOf(tx)) conflict.inMempool = false;
    return this.transactionAdded(tx);
  }

  /** Handles the removal of a transaction from the mempool. */
  transactionRemoved(tx: Transaction, reason: RemovalReason): StoreOperation[] {
    this.#ledger.removeMempoolConflict(tx);
    const entry = this.#ledger.get(tx.txidHex);
    if (!entry) return [];
    entry.inMempool = false;
    return reason === 'replaced' ? this.#ledger.markReplaced(entry) : [];
  }

  /** Removes an unconfirmed transaction from the wallet. */
  forget(txidHex: string): StoreOperation[] {
    return this.#ledger.forget(txidHex);
  }

  /**
   * Gives up an unconfirmed transaction and those that spend its outputs, so that their coins can be spent again (Core:
   * AbandonTransaction). Throws `WalletError` 'not-abandonable' if it is confirmed, conflicted, or in the mempool.
   */
  async abandon(txidHex: string): Promise<void> {
    const entry = this.#ledger.get(txidHex);
    if (!entry || entry.confirmation || entry.conflict || entry.inMempool) {
      throw new WalletError('not-abandonable', `transaction ${txidHex} is not eligible for abandonment`);
    }
    await this.#modules.store.write(this.#ledger.abandon([entry]));
  }

  /** Whether a transaction waits for a block outside the mempool. */
  get hasUnoffered(): boolean {
    return this.#ledger.hasUnoffered;
  }

  /**
   * Returns the transactions that wait for a block, parents first, to be offered to the mempool. Not those that are
   * abandoned, replaced, or in conflict with a block or with the mempool.
   */
  unconfirmed(): Transaction[] {
    return this.#ledger.pending().map(({ tx }) => tx);
  }
}
