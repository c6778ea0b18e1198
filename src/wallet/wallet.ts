import type { ChainParams } from '../consensus/params.ts';
import { type Clock, unixSeconds } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Random } from '../platform/random.ts';
import type { Block } from '../primitives/block.ts';
import type { OutPoint } from '../primitives/outpoint.ts';
import type { Transaction, TxOut } from '../primitives/transaction.ts';
import { encodeAddress } from '../script/address.ts';
import type { Store, StoreOperation } from '../store/store.ts';
import { isBelievable } from './believable.ts';
import { WalletError } from './errors.ts';
import type { KeyPool } from './key-pool.ts';
import { type AddressType, type KeyRef, keyPath } from './keys.ts';
import type { Ledger, LedgerEntry, WalletCoin } from './ledger.ts';
import { build, checkPayment, choose, type Funds, type Payment, type PaymentOptions } from './payment.ts';
import { type Confirmation, type KeyRecord, putSync, type SyncRecord, type WalletRecord } from './records.ts';

export interface WalletModules {
  readonly params: ChainParams;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Satoshis, as Core's getbalances divides them. */
export interface Balance {
  /** In blocks, or the wallet's own change. */
  readonly trusted: bigint;
  /** From others, in the mempool. */
  readonly pending: bigint;
  /** Rewards that are too young to be spent. */
  readonly immature: bigint;
}

export interface WalletAddress {
  readonly address: string;
  readonly type: AddressType;
  readonly path: string;
  readonly change: boolean;
  /** Whether coins have come to it. */
  readonly used: boolean;
  readonly label: string;
}

export interface UnspentCoin extends WalletCoin {
  /** 0 for what is in the mempool. */
  readonly confirmations: number;
  /** Whether it can be relied on: in a block, or the wallet's own change. */
  readonly isSafe: boolean;
  readonly isMature: boolean;
}

/** What a transaction means to the wallet. */
export interface WalletTransaction {
  readonly entry: LedgerEntry;
  /** Number of blocks from the one that holds it to the tip; 0 if none does, negative if none ever will. */
  readonly confirmations: number;
  /** Satoshis of the wallet's coins that it spends, and that it makes. */
  readonly debit: bigint;
  readonly credit: bigint;
  /** Satoshis; known where all inputs are the wallet's. */
  readonly fee: bigint | undefined;
}

/** What the mempool said to a payment: nothing if it took it. */
export type SubmitResult = { readonly reject?: { readonly reason: string; readonly debug?: string } | undefined };

/** One wallet: keys from one mnemonic, and the coins that they can spend. */
export class Wallet {
  readonly id: number;
  readonly record: WalletRecord;
  readonly #keys: KeyPool;
  readonly #ledger: Ledger;
  readonly #modules: WalletModules;
  #sync: SyncRecord | undefined;
  /** Payments are made one after the other, so that no two choose the same coin. */
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

  /** The kind of address that is made where none is asked for. */
  get addressType(): AddressType {
    return this.record.addressType;
  }

  // Addresses

  /** A fresh address, durable in the file before anybody sees it. */
  async newAddress(options: { change?: boolean; label?: string; type?: AddressType } = {}): Promise<string> {
    const { change = false, type = this.addressType, label } = options;
    const { key, operations } = this.#keys.take({ type, change }, label);
    await this.#modules.store.write(operations);
    return this.#address(key);
  }

  /** All that have been handed out. */
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

  /** The wallet's key to a script, if it has one. */
  keyOf(scriptPubKey: Uint8Array): KeyRecord | undefined {
    return this.#keys.find(scriptPubKey);
  }

  /** The scripts of all outputs that would be the wallet's: of addresses handed out, and of some to come. */
  watchedScripts(): Uint8Array[] {
    return this.#keys.watchedScripts();
  }

  /** The wallet's outputs that no block is known to spend. */
  watchedOutPoints(): OutPoint[] {
    return this.#ledger.unspentInBlocks();
  }

  owns(scriptPubKey: Uint8Array): boolean {
    return this.keyOf(scriptPubKey) !== undefined;
  }

  path(ref: KeyRef): string {
    return keyPath(ref, this.#modules.params.network === 'main' ? 0 : 1);
  }

  #address(key: KeyRecord): string {
    return encodeAddress(key.output.scriptPubKey, this.#modules.params.address)!;
  }

  // Coins

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

  /** Coins that nothing spends, without the rewards that are too young. */
  listUnspent(): UnspentCoin[] {
    return [...this.#unspent()].filter(({ isMature }) => isMature);
  }

  *#unspent(): Generator<UnspentCoin> {
    const judged = new Map<LedgerEntry, boolean>();
    for (const coin of this.#ledger.coins()) {
      const { entry, outpoint } = coin;
      if (entry.conflicted || !(entry.confirmation || entry.inMempool) || this.#ledger.isSpent(outpoint)) continue;
      const confirmations = this.#confirmations(entry);
      const isMature = !entry.tx.isCoinbase || confirmations > this.#modules.params.coinbaseMaturity;
      yield { ...coin, confirmations, isMature, isSafe: this.#isTrusted(entry, judged) };
    }
  }

  /** Whether a transaction stands in a block, or was made by this wallet from coins that can be trusted themselves. */
  #isTrusted(entry: LedgerEntry, judged: Map<LedgerEntry, boolean>): boolean {
    if (entry.confirmation) return true;
    const known = judged.get(entry);
    if (known !== undefined) return known;
    const trusted =
      entry.inMempool &&
      entry.tx.inputs.every(({ prevout }) => {
        const coin = this.#ledger.coin(prevout);
        return coin !== undefined && this.#isTrusted(coin.entry, judged);
      });
    judged.set(entry, trusted);
    return trusted;
  }

  #confirmations({ confirmation, conflicted }: LedgerEntry): number {
    if (conflicted) return -1;
    return confirmation && this.#sync ? this.#sync.height - confirmation.height + 1 : 0;
  }

  // Payments

  /**
   * Makes a signed transaction that pays the outputs, with change to a fresh address; nothing is sent and nothing remembered
   * but that address. Throws `WalletError`.
   */
  async createTransaction(outputs: readonly TxOut[], options: PaymentOptions = {}): Promise<Payment> {
    checkPayment(outputs, options);
    const { random, store } = this.#modules;
    const changeChain = { type: this.addressType, change: true };
    const change = { value: 0n, scriptPubKey: this.#keys.peek(changeChain).output.scriptPubKey };
    const selection = choose(outputs, change, this.#funds(), options, random);
    // Only now: a payment that cannot be made takes no address.
    if (selection.change > 0n) await store.write(this.#keys.take(changeChain).operations);
    return build(outputs, change, selection, this.#keys, options, random);
  }

  /**
   * Pays: makes the transaction, writes it to the file, and hands it to `submit`. Throws `WalletError`, with code 'refused'
   * where `submit` would not have it; then it is forgotten.
   */
  send(
    outputs: readonly TxOut[],
    options: PaymentOptions,
    submit: (tx: Transaction) => SubmitResult,
  ): Promise<Payment> {
    const payment = this.#lastPayment.then(async () => {
      const made = await this.createTransaction(outputs, options);
      await this.#modules.store.write(this.#ledger.record(made.tx, unixSeconds(this.#modules.clock), undefined));
      const { reject } = submit(made.tx);
      if (!reject) return made;
      await this.#modules.store.write(this.#ledger.forget(made.tx.txidHex));
      const why = reject.debug === undefined ? reject.reason : `${reject.reason}, ${reject.debug}`;
      throw new WalletError('refused', `the mempool refuses the payment: ${why}`);
    });
    this.#lastPayment = payment.catch(() => {});
    return payment;
  }

  #funds(): Funds {
    const spendable: WalletCoin[] = [];
    let immature = 0n;
    let pending = 0n;
    let firstReward = Number.POSITIVE_INFINITY;
    for (const coin of this.#unspent()) {
      if (!coin.isMature) {
        immature += coin.output.value;
        firstReward = Math.min(firstReward, coin.entry.confirmation!.height);
      } else if (coin.isSafe) spendable.push(coin);
      else pending += coin.output.value;
    }
    const maturesAt = firstReward + this.#modules.params.coinbaseMaturity + 1;
    return { spendable, immature, pending, ...(immature > 0n ? { maturesAt } : {}) };
  }

  // History

  /** Oldest first. */
  history(): WalletTransaction[] {
    return this.#ledger.entries().map((entry) => this.#describe(entry));
  }

  transaction(txidHex: string): WalletTransaction | undefined {
    const entry = this.#ledger.get(txidHex);
    return entry && this.#describe(entry);
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
    return { entry, confirmations: this.#confirmations(entry), debit, credit, fee };
  }

  // Following the chain and the mempool; what is returned is to be stored, in the order of the calls

  /** How far the wallet has followed the chain. */
  get syncedTo(): SyncRecord | undefined {
    return this.#sync;
  }

  /** Notes that the wallet has followed the chain up to here. */
  synced(sync: SyncRecord): StoreOperation[] {
    this.#sync = sync;
    return [putSync(this.id, sync)];
  }

  blockConnected(block: Block, height: number): StoreOperation[] {
    const { hash: blockHash, header } = block;
    return block.transactions.flatMap((tx, position) =>
      this.transactionConfirmed(tx, { height, blockHash, blockTime: header.time, position }),
    );
  }

  /** Takes a transaction that a block holds; nothing comes of one that does not concern the wallet. */
  transactionConfirmed(tx: Transaction, confirmation: Confirmation): StoreOperation[] {
    if (!this.#ledger.concerns(tx)) return [];
    return this.#ledger.record(tx, unixSeconds(this.#modules.clock), confirmation);
  }

  /** Takes back every confirmation above `height`. */
  rewind(height: number): StoreOperation[] {
    return this.#ledger.rewind(height);
  }

  transactionAdded(tx: Transaction): StoreOperation[] {
    if (!this.#ledger.concerns(tx)) return [];
    const known = this.#ledger.get(tx.txidHex);
    const isNews = !known || known.confirmation || known.conflicted;
    const operations = isNews ? this.#ledger.record(tx, unixSeconds(this.#modules.clock), undefined) : [];
    this.#ledger.get(tx.txidHex)!.inMempool = true;
    return operations;
  }

  /**
   * Takes a transaction that a stranger says to wait for a block, where nobody has judged it: only what no block
   * contradicts, and what spends the wallet's coins only if the signatures for them are right. What spends the same as
   * it, and was thought to wait, does so no more.
   */
  transactionHeard(tx: Transaction): StoreOperation[] {
    const known = this.#ledger.get(tx.txidHex);
    if (known?.confirmation || known?.conflicted || this.#ledger.isRefuted(tx)) return [];
    if (!this.#ledger.concerns(tx) || !isBelievable(tx, (outpoint) => this.#ledger.coin(outpoint)?.output)) return [];
    for (const rival of this.#ledger.rivals(tx)) rival.inMempool = false;
    return this.transactionAdded(tx);
  }

  transactionRemoved(tx: Transaction): void {
    const entry = this.#ledger.get(tx.txidHex);
    if (entry) entry.inMempool = false;
  }

  /** Forgets a transaction that no block holds. */
  forget(txidHex: string): StoreOperation[] {
    return this.#ledger.forget(txidHex);
  }

  /** Transactions that no block holds, parents first, to be offered to the mempool again after a start. */
  unconfirmed(): Transaction[] {
    return this.#ledger
      .entries()
      .filter(({ confirmation, conflicted, tx }) => !confirmation && !conflicted && !tx.isCoinbase)
      .map(({ tx }) => tx);
  }
}
