import { expect } from 'vitest';
import type { ChainParams } from '../../../src/consensus/params.ts';
import type { MempoolOptions } from '../../../src/mempool/options.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { outPointKey } from '../../../src/primitives/outpoint.ts';
import type { Transaction, TxOut } from '../../../src/primitives/transaction.ts';
import { MemoryStore } from '../../../src/store/memory-store.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { WalletError } from '../../../src/wallet/errors.ts';
import { addressTypes, KeyTree } from '../../../src/wallet/keys.ts';
import { signTransaction } from '../../../src/wallet/signing.ts';
import type { Wallet } from '../../../src/wallet/wallet.ts';
import { WalletFile } from '../../../src/wallet/wallet-file.ts';
import { attachWallet } from '../../../src/wallet/wallet-sync.ts';
import { MINUTES, ownScript, RegtestChain, spend, type Utxo, utxo } from '../../support/regtest-chain.ts';
import { script } from './wallet-fixture.ts';
import { viewOf, WalletModel } from './wallet-model.ts';

/** Blocks until a reward can be spent: few, so that reorganisations reach beyond it. */
const MATURITY = 4;
/** Seconds until a transaction leaves the mempool of a history. */
export const EXPIRY_SECONDS = 3 * 3600;
/** The wallets of a history. */
export const names = ['alice', 'bob'] as const;

/** Follows a history in another program, and compares the wallets there. */
export interface HistoryTwin {
  /** Called with the empty chain. Blocks that it mines stay in the chain. */
  begin(chain: RegtestChain): Promise<void>;
  /** Called when the wallets have coins. */
  started(wallet: (name: string) => Wallet): Promise<void>;
  /** Called before a block is invalidated. */
  invalidates(hashHex: string): void;
  /** Called before a block is reconsidered. */
  reconsiders(hashHex: string): void;
  abandons(name: string, txid: string): void;
  /** Called after the wallets are closed, with nothing changed. */
  closed(): Promise<void>;
  /** Called before the wallets are opened again. */
  reopens(): Promise<void>;
  check(): Promise<void>;
  /** Compares a wallet with the same words that knows the chain and the mempool only. */
  checkRestored(wallet: Wallet): Promise<void>;
}

/** Options of `History.run`. */
export interface HistoryOptions {
  /** Blocks until a reward can be spent; default 4. */
  readonly maturity?: number;
  readonly mempool?: Partial<MempoolOptions>;
  readonly twin?: HistoryTwin;
}

/** A random history of two wallets on one chain, compared with the model after each step. */
export class History {
  readonly counts = new Map<string, number>();
  readonly #random: SeededRandom;
  readonly chain: RegtestChain;
  readonly #params: ChainParams;
  readonly #twin: HistoryTwin | undefined;
  readonly #store = new MemoryStore();
  readonly #models = new Map<string, WalletModel>();
  #file!: WalletFile;
  /** Height of the twin's last block, which no reorganisation disconnects. */
  #base = 0;
  #detach: () => Promise<void> = async () => {};
  #log: string[] = [];

  private constructor(seed: number, chain: RegtestChain, twin: HistoryTwin | undefined) {
    this.#random = new SeededRandom(seed);
    this.chain = chain;
    this.#params = chain.chain.params;
    this.#twin = twin;
  }

  static async run(seed: number, steps: number, options: HistoryOptions = {}): Promise<ReadonlyMap<string, number>> {
    const { maturity = MATURITY, twin } = options;
    const mempool = { ...options.mempool, expirySeconds: EXPIRY_SECONDS };
    const history = new History(seed, await RegtestChain.create({ mempool, coinbaseMaturity: maturity }), twin);
    await history.#start();
    for (let step = 0; step < steps; step++) {
      try {
        await history.#step();
        await history.#check();
      } catch (error) {
        (error as Error).message += `\nseed ${seed}, step ${step}: ${history.#log.join(', ')}`;
        throw error;
      }
    }
    await history.#detach();
    return history.counts;
  }

  async #start(): Promise<void> {
    await this.#twin?.begin(this.chain);
    this.#base = this.chain.chain.tip.height;
    await this.#open();
    for (const name of names) {
      const wallet = await this.#file.createWallet(name, { addressType: this.#pick(addressTypes) });
      const model = new WalletModel(this.chain.chain, this.chain.mempool, () => this.wallet(name).watchedScripts());
      this.#models.set(name, model);
      for (let i = 0; i < 2; i++) await this.chain.mine(1, { scriptPubKey: await this.#address(wallet) });
    }
    await this.chain.mine(this.#params.coinbaseMaturity + 4);
    await this.#twin?.started((name) => this.wallet(name));
  }

  async #open(): Promise<void> {
    const { chain, mempool, clock } = this.chain;
    const modules = { clock, random: this.#random, logger: silentLogger };
    this.#file = await WalletFile.open({ params: this.#params }, { ...modules, store: this.#store });
    this.#detach = await attachWallet(this.#file, { chain, mempool, clock, logger: silentLogger });
  }

  wallet(name: string): Wallet {
    return this.#file.get(name)!;
  }

  async #step(): Promise<void> {
    const actions: readonly (readonly [weight: number, name: string, action: () => Promise<boolean>])[] = [
      [8, 'send', () => this.#send()],
      [5, 'receive', () => this.#receive()],
      [3, 'replace', () => this.#replace()],
      [3, 'double spend', () => this.#doubleSpend()],
      [6, 'mine', () => this.#mine()],
      [2, 'mine a conflict', () => this.#mineConflict()],
      [3, 'reorganise', () => this.#reorganise()],
      // Ordinary ones reach beyond a maturity of a few blocks, but not of 100.
      [1, 'reorganise deeply', () => this.#reorganise(this.#deepDepth())],
      [2, 'invalidate', () => this.#invalidate()],
      [1, 'expire', () => this.#expire()],
      [2, 'evict', () => this.#evict()],
      [2, 'restart', () => this.#restart()],
      [1, 'restore', () => this.#restore()],
      [1, 'abandon', () => this.#abandon()],
    ];
    const possible = actions.filter(([, name]) => this.#twin || name !== 'reorganise deeply');
    let total = 0;
    for (const [weight] of possible) total += weight;
    let left = this.#below(total);
    for (const [weight, name, action] of possible) {
      left -= weight;
      if (left >= 0) continue;
      this.#log.push(name);
      const isDone = await action();
      if (!isDone) this.#log.push('(was not possible)');
      if (isDone) this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
      break;
    }
    // What the mempool rejected is offered again every minute.
    this.chain.clock.advance(1.1 * MINUTES);
  }

  /** `isSettled`: whether the wallets have had the time to offer again what the mempool rejected. */
  async #check(isSettled = true): Promise<void> {
    await this.#twin?.check();
    for (const name of names) {
      const wallet = this.wallet(name);
      const model = this.#models.get(name)!;
      expect(viewOf(wallet), name).toEqual(model.view());
      if (!isSettled) continue;
      for (const tx of model.unoffered()) {
        const result = this.chain.mempool.accept(tx, { testOnly: true });
        expect('reject' in result, `${name} has not offered ${tx.txidHex}`).toBe(true);
      }
    }
  }

  // Actions; each returns whether it was possible.

  async #send(): Promise<boolean> {
    const wallet = this.wallet(this.#pick(names));
    const outputs: TxOut[] = [];
    for (let i = 0; i <= this.#below(3); i++) outputs.push(await this.#output(wallet.balance().trusted / 5n));
    if (outputs.some(({ value }) => value < 1000n)) return false;
    const options = { feeRate: 1 + this.#below(20), subtractFee: this.#below(4) === 0 };
    try {
      await wallet.send(outputs, options, (tx) => {
        const result = this.chain.mempool.accept(tx);
        return 'reject' in result ? { reject: result.reject } : {};
      });
      return true;
    } catch (error) {
      // Within the limits of the mempool, all that the wallet makes is accepted, unless it spends what then expires.
      if (!(error instanceof WalletError)) throw error;
      if (error.code === 'refused' && !error.message.endsWith('mempool full')) throw error;
      return false;
    }
  }

  async #receive(): Promise<boolean> {
    const coin = this.#foreignCoin();
    return coin !== undefined && this.#submit(await this.#payFrom([coin], 200n + BigInt(this.#below(5000))));
  }

  /** Replaces a payment of others by one that pays more fee, to the same or to other payees. */
  async #replace(): Promise<boolean> {
    const entries = [...this.chain.mempool.entries()].filter(({ tx }) => this.#coinsOf(tx, isForeign) !== undefined);
    if (entries.length === 0) return false;
    const { tx, descendantFees } = this.#pick(entries);
    return this.#submit(await this.#payFrom(this.#coinsOf(tx, isForeign)!, descendantFees + 5000n));
  }

  /** Replaces a wallet's payment by one that another program with the same words makes. */
  async #doubleSpend(): Promise<boolean> {
    const entries = [...this.chain.mempool.entries()].filter(({ tx }) => this.#ownerOf(tx) !== undefined);
    if (entries.length === 0) return false;
    const { tx, descendantFees } = this.#pick(entries);
    const conflict = await this.#conflicting(tx, descendantFees + 20_000n);
    return conflict !== undefined && this.#submit(conflict);
  }

  async #mine(): Promise<boolean> {
    await this.chain.mine(1 + this.#below(2), { scriptPubKey: await this.#rewardScript() });
    return true;
  }

  /** Mines a transaction that conflicts with one of the mempool. */
  async #mineConflict(): Promise<boolean> {
    const { mempool } = this.chain;
    const roots = [...mempool.entries()].filter(({ parents }) => parents.size === 0);
    if (roots.length === 0) return false;
    const { tx } = this.#pick(roots);
    const foreign = this.#coinsOf(tx, isForeign);
    const conflict = foreign ? await this.#payFrom(foreign, 3000n) : await this.#conflicting(tx, 3000n);
    if (!conflict || conflict.txidHex === tx.txidHex) return false;
    await this.chain.mine(1, { transactions: [conflict], scriptPubKey: await this.#rewardScript() });
    return true;
  }

  /** Extends an earlier block by a longer branch with some of the transactions, and conflicts with others. */
  async #reorganise(depth = this.#depth()): Promise<boolean> {
    const { chain, mempool } = this.chain;
    const forkHeight = chain.tip.height - depth;
    const candidates = [
      ...this.chain.blocks(forkHeight + 1).flatMap(({ transactions }) => transactions.slice(1)),
      ...[...mempool.entries()].map(({ tx }) => tx),
    ];
    const branch = await this.chain.fork(forkHeight);
    branch.skipExtraNonces(this.#below(1_000_000) + 1);
    for (const tx of candidates) {
      if (this.#below(2) === 0) continue;
      const foreign = this.#below(3) === 0 ? this.#coinsOf(tx, isForeign) : undefined;
      branch.mempool.accept(foreign ? await this.#payFrom(foreign, 700n + BigInt(this.#below(900))) : tx);
    }
    await branch.mine(depth + 1, { scriptPubKey: await this.#rewardScript() });
    const isDetached = this.#below(4) === 0;
    if (isDetached) await this.#close();
    await this.chain.acceptBlocks(branch.blocks(forkHeight + 1));
    this.chain.clock.advance(Math.max(0, branch.clock.now() - this.chain.clock.now()));
    if (isDetached) await this.#reopen();
    return true;
  }

  async #invalidate(): Promise<boolean> {
    const { chain } = this.chain;
    const index = chain.atHeight(chain.tip.height - this.#below(Math.min(chain.tip.height - 1, MATURITY + 2)))!;
    this.#twin?.invalidates(index.hashHex);
    await chain.invalidateBlock(index);
    await this.#check(false);
    this.chain.clock.advance(1.1 * MINUTES);
    await this.#check();
    if (this.#below(3) === 0) await this.chain.mine(1, { scriptPubKey: await this.#rewardScript() });
    if (this.#below(3) > 0) {
      this.#twin?.reconsiders(index.hashHex);
      await chain.reconsiderBlock(index);
    }
    return true;
  }

  async #expire(): Promise<boolean> {
    this.chain.clock.advance(EXPIRY_SECONDS * 1000 + MINUTES);
    // Entries expire when another enters.
    const isReceived = await this.#receive();
    await this.#check(false);
    return isReceived;
  }

  async #evict(): Promise<boolean> {
    const entries = [...this.chain.mempool.entries()];
    if (entries.length === 0) return false;
    this.chain.mempool.remove(this.#pick(entries).tx.txid, 'sizelimit');
    await this.#check(false);
    return true;
  }

  async #restart(): Promise<boolean> {
    await this.#close();
    const { mempool } = this.chain;
    for (let i = this.#below(3); i > 0; i--) await this.chain.mine(1, { scriptPubKey: ownScript });
    // The mempool is kept, or lost with the process.
    if (this.#below(3) === 0) for (const { tx } of [...mempool.entries()]) mempool.remove(tx.txid, 'sizelimit');
    await this.#reopen();
    return true;
  }

  /** Restores a wallet from its words, in a file of its own. */
  async #restore(): Promise<boolean> {
    const name = this.#pick(names);
    const { chain, mempool, clock } = this.chain;
    const modules = { clock, random: this.#random, logger: silentLogger };
    const file = await WalletFile.open({ params: this.#params }, { ...modules, store: new MemoryStore() });
    const detach = await attachWallet(file, { chain, mempool, clock, logger: silentLogger });
    const { mnemonic } = this.wallet(name).record;
    // Addresses of payments that were lost are behind no used one.
    const restored = await file.createWallet('restored', { mnemonic, gap: this.wallet(name).neededGap + 20 });
    const { balance, coins, payments } = this.#models.get(name)!.view({ isRestored: true });
    expect(viewOf(restored).balance, `restored ${name}`).toEqual(balance);
    expect(viewOf(restored).coins, `restored ${name}`).toEqual(coins);
    expect(viewOf(restored).payments, `restored ${name}`).toEqual(payments);
    await this.#twin?.checkRestored(restored);
    await detach();
    return true;
  }

  async #abandon(): Promise<boolean> {
    const name = this.#pick(names);
    const [tx] = this.#models.get(name)!.unoffered();
    if (!tx) return false;
    this.#twin?.abandons(name, tx.txidHex);
    await this.wallet(name).abandon(tx.txidHex);
    this.#models.get(name)!.abandon(tx.txidHex);
    return true;
  }

  // Helpers

  #depth(): number {
    return 1 + this.#below(Math.min(this.chain.chain.tip.height - 2, MATURITY + 5));
  }

  /** Returns the maturity or up to seven blocks more, as far as the history has as many blocks. */
  #deepDepth(): number {
    const depth = this.#params.coinbaseMaturity + this.#below(8);
    return Math.min(depth, this.chain.chain.tip.height - this.#base);
  }

  async #close(): Promise<void> {
    for (const model of this.#models.values()) model.isFollowed = false;
    await this.#detach();
    await this.#twin?.closed();
  }

  async #reopen(): Promise<void> {
    await this.#twin?.reopens();
    await this.#open();
    for (const model of this.#models.values()) model.isFollowed = true;
  }

  #submit(tx: Transaction): boolean {
    return 'entry' in this.chain.mempool.accept(tx);
  }

  /** Returns an unspent output of `ownScript`, confirmed or not. */
  #foreignCoin(): Utxo | undefined {
    const { chain, mempool } = this.chain;
    const txs = [
      ...this.chain.blocks(1).flatMap(({ transactions }) => transactions),
      ...[...mempool.entries()].map(({ tx }) => tx),
    ];
    const coins = txs
      .flatMap((tx) => tx.outputs.map((_, vout) => utxo(tx, vout)))
      .filter((coin) => isForeign(coin) && coin.output.value > 100_000n)
      .filter(({ outpoint }) => {
        const coin = mempool.getCoin(outpoint);
        return coin && !(coin.isCoinbase && chain.tip.height + 1 - coin.height < this.#params.coinbaseMaturity);
      });
    return coins.length === 0 ? undefined : this.#pick(coins);
  }

  /** Returns the coins that a transaction spends if all satisfy `test`, from chain, mempool and what was in them. */
  #coinsOf(tx: Transaction, test: (coin: Utxo) => boolean): Utxo[] | undefined {
    const coins = tx.inputs.map(({ prevout }) => this.#outputs().get(outPointKey(prevout)));
    return coins.every((coin) => coin !== undefined && test(coin)) ? (coins as Utxo[]) : undefined;
  }

  #outputs(): Map<string, Utxo> {
    const outputs = new Map<string, Utxo>();
    const txs = [
      ...this.chain.blocks(1).flatMap(({ transactions }) => transactions),
      ...[...this.chain.mempool.entries()].map(({ tx }) => tx),
    ];
    for (const tx of txs)
      for (const vout of tx.outputs.keys()) outputs.set(outPointKey(utxo(tx, vout).outpoint), utxo(tx, vout));
    return outputs;
  }

  /** Returns the wallet whose coins alone a transaction spends. */
  #ownerOf(tx: Transaction): Wallet | undefined {
    return names
      .map((name) => this.wallet(name))
      .find((wallet) => this.#coinsOf(tx, ({ output }) => wallet.owns(output.scriptPubKey)));
  }

  /** Returns another transaction that spends a coin of a wallet's transaction. */
  async #conflicting(tx: Transaction, fee: bigint): Promise<Transaction | undefined> {
    const wallet = this.#ownerOf(tx);
    if (!wallet) return undefined;
    const coin = this.#pick(this.#coinsOf(tx, () => true)!);
    const value = coin.output.value - fee;
    if (value < 10_000n) return undefined;
    const key = wallet.keyOf(coin.output.scriptPubKey)!;
    const tree = await KeyTree.fromMnemonic(wallet.record.mnemonic, 1);
    const { scriptPubKey } = await this.#output(1n);
    return signTransaction(
      [{ ...coin, key: key.output, privateKey: tree.privateKey(key) }],
      [{ scriptPubKey, value }],
      0,
    );
  }

  /** Spends coins of `ownScript` to a few random outputs, with the rest back. */
  async #payFrom(coins: readonly Utxo[], fee: bigint): Promise<Transaction> {
    let rest = -fee;
    for (const { output } of coins) rest += output.value;
    const outputs: TxOut[] = [];
    for (let i = this.#below(4); i > 0 && rest > 50_000n; i--) {
      const output = await this.#output(rest / 2n);
      outputs.push(output);
      rest -= output.value;
    }
    return spend(coins, [...outputs, { scriptPubKey: ownScript, value: rest }]);
  }

  /** Returns an output of at most `most` to `ownScript` or to a wallet's address. */
  async #output(most: bigint): Promise<TxOut> {
    const value = (most * BigInt(1 + this.#below(100))) / 100n;
    const isForeignPayee = this.#below(3) === 0;
    const scriptPubKey = isForeignPayee ? ownScript : await this.#address(this.wallet(this.#pick(names)));
    return { value, scriptPubKey };
  }

  /** Returns a new or an old address of a wallet. */
  async #address(wallet: Wallet): Promise<Uint8Array> {
    const old = wallet.addresses();
    if (old.length > 0 && this.#below(3) === 0) return script(this.#pick(old).address);
    const options = { type: this.#pick(addressTypes), change: this.#below(4) === 0 };
    return script(await wallet.newAddress(options));
  }

  async #rewardScript(): Promise<Uint8Array> {
    return this.#below(3) === 0 ? this.#address(this.wallet(this.#pick(names))) : ownScript;
  }

  #below(limit: number): number {
    return this.#random.uint32() % limit;
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#below(items.length)]!;
  }
}

function isForeign({ output }: Utxo): boolean {
  return (
    output.scriptPubKey.length === ownScript.length && output.scriptPubKey.every((byte, i) => byte === ownScript[i])
  );
}
