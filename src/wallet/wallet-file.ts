import { equalBytes } from '../bytes/compare.ts';
import type { ChainParams } from '../consensus/params.ts';
import { type Clock, unixSeconds } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Random } from '../platform/random.ts';
import { ContentCache } from '../store/content-cache.ts';
import { StoreError } from '../store/errors.ts';
import type { Store, StoreOperation } from '../store/store.ts';
import { CheckedStore, corrupt } from './checked-store.ts';
import { WalletError } from './errors.ts';
import { GAP_LIMIT, KeyPool, MAX_GAP } from './key-pool.ts';
import { type AddressType, addressTypes, checkMnemonic, KeyTree, newMnemonic } from './keys.ts';
import { Ledger } from './ledger.ts';
import {
  putWallet,
  type RecordReader,
  readKeys,
  readNext,
  readSync,
  readTransactions,
  readWallets,
  type SyncRecord,
  type WalletRecord,
} from './records.ts';
import { Wallet, type WalletModules } from './wallet.ts';

/** Wallet names are valid file names, so that they can be used in paths and shells. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u;

/** A wallet as it is in its file. */
interface StoredWallet {
  readonly id: number;
  readonly record: WalletRecord;
  readonly keys: KeyPool;
  readonly ledger: Ledger;
  readonly sync: SyncRecord | undefined;
}

/** The wallets of a file whose records were verified. */
interface FileContent {
  readonly coinType: number;
  /** The exclusive or of all checksums. */
  readonly sum: bigint;
  readonly wallets: readonly StoredWallet[];
}

const contents = new ContentCache<FileContent>();

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
  /**
   * Keys to watch after the last one used, on each chain: 1 to 10,000, default 20 (BIP44). A restored wallet finds no
   * payment beyond more unused keys than this.
   */
  readonly gap?: number;
  /** Number of the account in the derivation paths: 0 (the default) to 2^31 - 1. */
  readonly account?: number;
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

  /** Resolves once all previous changes are in the store, also up to which block the wallets are scanned. */
  async flushed(): Promise<void> {
    const { store } = this.#modules;
    await store.write(this.wallets().flatMap((wallet) => wallet.unwritten()));
    await store.flushed();
  }

  /** Reads and verifies the wallets of a store. Throws `WalletError` 'corrupt-wallet'. */
  static async open(options: { params: ChainParams }, modules: WalletFileModules): Promise<WalletFile> {
    const coinType = options.params.network === 'main' ? 0 : 1;
    try {
      const { store, wallets } = await openStore(modules.store, coinType);
      const file = new WalletFile({ ...modules, store, params: options.params });
      for (const wallet of wallets) file.#add(wallet);
      return file;
    } catch (error) {
      if (error instanceof StoreError || (error instanceof WalletError && error.hint !== undefined)) throw error;
      throw corrupt(modules.store, error instanceof Error ? error.message : String(error), error);
    }
  }

  get #coinType(): number {
    return this.#modules.params.network === 'main' ? 0 : 1;
  }

  #add({ id, record, ...parts }: StoredWallet): Wallet {
    const wallet = new Wallet(id, record, parts, this.#modules);
    this.#wallets.set(record.name, wallet);
    return wallet;
  }

  /** Writes operations that the wallets' methods returned, in the order of the calls. Rejects if the write fails. */
  write(operations: readonly StoreOperation[]): Promise<void> {
    return this.#modules.store.write(operations);
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
   * follows a chain (`attachWallet`). Throws `WalletError` 'wallet-exists', 'bad-wallet-name',
   * 'bad-mnemonic', 'bad-gap' or 'bad-account'.
   */
  createWallet(name: string, options: NewWalletOptions = {}): Promise<Wallet> {
    const creation = this.#lastCreation.then(() => this.#create(name, options));
    this.#lastCreation = creation.catch(() => {});
    return creation;
  }

  async #create(name: string, options: NewWalletOptions): Promise<Wallet> {
    const { addressType = 'bech32', mnemonic: words, gap = GAP_LIMIT, account = 0 } = options;
    if (this.#wallets.has(name)) throw new WalletError('wallet-exists', `wallet '${name}' already exists`);
    if (!NAME.test(name)) {
      throw new WalletError('bad-wallet-name', `invalid wallet name '${name}'`, {
        hint: 'Use 1 to 64 letters, digits, spaces, dots, hyphens and underscores. Start with a letter or digit.',
      });
    }
    if (!Number.isInteger(gap) || gap < 1 || gap > MAX_GAP) {
      throw new WalletError('bad-gap', `the gap must be a whole number from 1 to ${MAX_GAP}, not ${gap}`);
    }
    if (!Number.isInteger(account) || account < 0 || account > 0x7fff_ffff) {
      throw new WalletError('bad-account', `the account must be a whole number from 0 to 2147483647, not ${account}`);
    }
    const { clock, random, store } = this.#modules;
    const mnemonic = words === undefined ? newMnemonic(random) : checkMnemonic(words);
    const tree = await KeyTree.fromMnemonic(mnemonic, this.#coinType, account);
    const record = {
      ...{ name, addressType, mnemonic, xprv: tree.extendedPrivateKey },
      birthday: words === undefined ? unixSeconds(clock) : 0,
      ...(gap === GAP_LIMIT ? {} : { gap }),
      ...(account === 0 ? {} : { account }),
    };
    const id = Math.max(0, ...this.wallets().map((wallet) => wallet.id)) + 1;
    const keys = new KeyPool(id, tree, { keys: [], next: [] }, gap);
    // A restored wallet may have coins of any type.
    const types = words === undefined ? [addressType] : addressTypes;
    await store.write([putWallet(id, record), ...types.flatMap((type) => keys.open(type))]);
    await store.flushed();
    const wallet = this.#add({ id, record, keys, ledger: new Ledger(id, keys, []), sync: undefined });
    await this.#adopt(wallet);
    return wallet;
  }
}

/** Verifies all records of a store, and reads its wallets. Throws `WalletError`. */
async function openStore(
  store: Store,
  coinType: number,
): Promise<{ readonly store: CheckedStore; readonly wallets: readonly StoredWallet[] }> {
  const known = contents.get(store);
  if (known?.coinType === coinType) {
    return { store: CheckedStore.reopen(store, known.sum), wallets: known.wallets.map(copied) };
  }
  const checked = await CheckedStore.open(store, (records) => checkOldRecords(records, coinType));
  const wallets = [...readWallets(checked)].map(([id, record]) => readWallet(checked, id, record, coinType));
  if (!store.contentId) return { store: checked, wallets };
  contents.set(store, { coinType, sum: checked.sum, wallets });
  return { store: checked, wallets: wallets.map(copied) };
}

function readWallet(store: RecordReader, id: number, record: WalletRecord, coinType: number): StoredWallet {
  const tree = KeyTree.fromExtendedPrivateKey(record.xprv, coinType, record.account);
  const keys = new KeyPool(id, tree, { keys: readKeys(store, id), next: readNext(store, id) }, record.gap);
  return { id, record, keys, ledger: new Ledger(id, keys, readTransactions(store, id)), sync: readSync(store, id) };
}

function copied(wallet: StoredWallet): StoredWallet {
  const keys = wallet.keys.copy();
  return { ...wallet, keys, ledger: wallet.ledger.copy(keys) };
}

/**
 * Verifies records without checksums by what they say: the mnemonic has a checksum of its own, and the keys follow from
 * it. (A transaction is compared with its txid whenever it is read.) Throws `WalletError`.
 */
async function checkOldRecords(records: RecordReader, coinType: number): Promise<void> {
  for (const [id, { name, mnemonic, xprv, account }] of readWallets(records)) {
    const tree = await KeyTree.fromMnemonic(checkMnemonic(mnemonic), coinType, account);
    if (tree.extendedPrivateKey !== xprv) {
      throw new WalletError('corrupt-wallet', `the root key of wallet '${name}' does not match its mnemonic`);
    }
    for (const key of readKeys(records, id)) {
      if (equalBytes(tree.output(key).scriptPubKey, key.output.scriptPubKey)) continue;
      throw new WalletError('corrupt-wallet', `a key of wallet '${name}' does not match its mnemonic`);
    }
  }
}
