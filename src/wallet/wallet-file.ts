import type { ChainParams } from '../consensus/params.ts';
import { type Clock, unixSeconds } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Random } from '../platform/random.ts';
import type { Store } from '../store/store.ts';
import { WalletError } from './errors.ts';
import { KeyPool } from './key-pool.ts';
import { type AddressType, addressTypes, checkMnemonic, KeyTree, newMnemonic } from './keys.ts';
import { Ledger } from './ledger.ts';
import {
  putWallet,
  readKeys,
  readNext,
  readSync,
  readTransactions,
  readWallets,
  type WalletRecord,
} from './records.ts';
import { Wallet, type WalletModules } from './wallet.ts';

/** Wallet names are valid file names, so that they can be used in paths and shells. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u;

/** Modules that a `WalletFile` uses. */
export interface WalletFileModules {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Options of a new wallet. */
export interface NewWalletOptions {
  /** Default: bech32. */
  readonly addressType?: AddressType;
  /** BIP39 mnemonic to restore the wallet from; default: a new one. */
  readonly mnemonic?: string;
}

/**
 * The wallets of a node in one store (`wallet_<NODE_ID>.db`). Each has its own name and mnemonic.
 *
 * @example
 * ```ts
 * import { regtest } from 'pier/consensus';
 * import { silentLogger, systemClock, systemRandom } from 'pier/platform';
 * import { MemoryStore } from 'pier/store';
 * import { WalletFile } from 'pier/wallet';
 *
 * const modules = { store: new MemoryStore(), clock: systemClock, random: systemRandom, logger: silentLogger };
 * const file = await WalletFile.open({ params: regtest }, modules);
 * await file.createWallet('alice');
 * console.log(file.wallets().map(({ name }) => name).join()); // alice
 * ```
 */
export class WalletFile {
  readonly #modules: WalletModules;
  readonly #wallets = new Map<string, Wallet>();
  /** Creations run one after another, so that ids are unique. */
  #lastCreation: Promise<unknown> = Promise.resolve();

  #adopt: (wallet: Wallet) => Promise<void> = async () => {};

  private constructor(modules: WalletModules) {
    this.#modules = modules;
  }

  /** Reads the wallets of a store. Throws `WalletError` 'corrupt-wallet'. */
  static async open(options: { params: ChainParams }, modules: WalletFileModules): Promise<WalletFile> {
    const file = new WalletFile({ ...modules, params: options.params });
    const { store } = modules;
    for (const [id, record] of readWallets(store)) {
      const tree = KeyTree.fromExtendedPrivateKey(record.xprv, file.#coinType);
      const keys = new KeyPool(id, tree, readKeys(store, id), readNext(store, id));
      file.#add(id, record, keys);
    }
    return file;
  }

  get #coinType(): number {
    return this.#modules.params.network === 'main' ? 0 : 1;
  }

  #add(id: number, record: WalletRecord, keys: KeyPool): Wallet {
    const { store } = this.#modules;
    const ledger = new Ledger(id, keys, readTransactions(store, id));
    const wallet = new Wallet(id, record, { keys, ledger, sync: readSync(store, id) }, this.#modules);
    this.#wallets.set(record.name, wallet);
    return wallet;
  }

  /** Calls `adopt` for every new wallet, before `createWallet` returns it. */
  onCreated(adopt: (wallet: Wallet) => Promise<void>): void {
    this.#adopt = adopt;
  }

  /** Returns all wallets in order of creation. */
  wallets(): Wallet[] {
    return [...this.#wallets.values()];
  }

  /** Returns the wallet of this name; undefined if there is none. */
  get(name: string): Wallet | undefined {
    return this.#wallets.get(name);
  }

  /**
   * Creates a wallet. Its keys are on disk before it is returned. A restored wallet finds its coins when the file
   * follows a chain (`attachWallet`). Throws `WalletError` 'wallet-exists', 'bad-wallet-name' or 'bad-mnemonic'.
   */
  createWallet(name: string, options: NewWalletOptions = {}): Promise<Wallet> {
    const creation = this.#lastCreation.then(() => this.#create(name, options));
    this.#lastCreation = creation.catch(() => {});
    return creation;
  }

  async #create(name: string, { addressType = 'bech32', mnemonic: words }: NewWalletOptions): Promise<Wallet> {
    if (this.#wallets.has(name)) throw new WalletError('wallet-exists', `wallet '${name}' already exists`);
    if (!NAME.test(name)) {
      throw new WalletError('bad-wallet-name', `invalid wallet name '${name}'`, {
        hint: 'Use 1 to 64 letters, digits, spaces, dots, hyphens and underscores. Start with a letter or digit.',
      });
    }
    const { clock, store } = this.#modules;
    const mnemonic = words === undefined ? newMnemonic() : checkMnemonic(words);
    const tree = await KeyTree.fromMnemonic(mnemonic, this.#coinType);
    const record = {
      ...{ name, addressType, mnemonic, xprv: tree.extendedPrivateKey },
      birthday: words === undefined ? unixSeconds(clock) : 0,
    };
    const id = Math.max(0, ...this.wallets().map((wallet) => wallet.id)) + 1;
    const keys = new KeyPool(id, tree, [], []);
    // A restored wallet may have coins of any type.
    const types = words === undefined ? [addressType] : addressTypes;
    await store.write([putWallet(id, record), ...types.flatMap((type) => keys.open(type))]);
    await store.flushed();
    const wallet = this.#add(id, record, keys);
    await this.#adopt(wallet);
    return wallet;
  }
}
