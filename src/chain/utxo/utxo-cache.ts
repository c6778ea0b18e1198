import { binaryKey, compareBytes } from '../../bytes/compare.ts';
import { DecodeError } from '../../bytes/errors.ts';
import type { Coin, CoinView } from '../../consensus/coins.ts';
import { type OutPoint, outPointKey } from '../../primitives/outpoint.ts';
import type { Store, StoreOperation } from '../../store/store.ts';
import { corrupt } from '../records/errors.ts';
import { coinStoreKey, coinStoreRange, Prefix, parseCoinStoreKey, prefixRange } from '../records/keys.ts';
import { decodeCoin, encodeCoin } from './coin-codec.ts';

/** Unspent outputs by `outPointKey`, for a block that builds on them. */
export interface CoinSource {
  peek(key: string): Coin | undefined;
}

export interface CoinEntry {
  readonly outpoint: OutPoint;
  readonly coin: Coin;
}

interface Change {
  /** Undefined: spent. */
  readonly coin: Coin | undefined;
  /** The store has no coin under this key, so once this one is spent there is nothing to write. */
  fresh: boolean;
}

/** What a coin takes in memory, roughly, beside its script. */
const COIN_OVERHEAD = 320;

const sizeOf = (coin: Coin | undefined) => COIN_OVERHEAD + (coin?.output.scriptPubKey.length ?? 0);

/** The changes that one batch writes, and what must follow its success or failure. */
export interface CoinFlush {
  readonly operations: StoreOperation[];
  done(): void;
  failed(): void;
}

function decoded<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DecodeError) throw corrupt('an unspent output cannot be decoded', error);
    throw error;
  }
}

/**
 * The unspent outputs at the tip: those in the store, below the changes that are not yet written, below a bounded memory
 * of coins that were read or written lately. Keys are `outPointKey`s.
 */
export class CoinsCache implements CoinView, CoinSource {
  readonly #store: Store;
  readonly #maxBytes: number;
  /** Which of two sets in the store is the live one. */
  readonly set: number;
  #dirty = new Map<string, Change>();
  /** Changes that a write under way will put into the store. */
  #flushing: Map<string, Change> | undefined;
  /** As in the store; the oldest first. */
  readonly #clean = new Map<string, Coin>();
  #dirtyBytes = 0;
  #cleanBytes = 0;

  constructor(store: Store, set: number, maxBytes: number) {
    this.#store = store;
    this.set = set;
    this.#maxBytes = maxBytes;
  }

  /** Memory that the unwritten changes take, roughly, in bytes. */
  get dirtyBytes(): number {
    return this.#dirtyBytes;
  }

  getCoin(outpoint: OutPoint): Coin | undefined {
    const key = outPointKey(outpoint);
    const known = this.#known(key);
    if (known !== undefined) return known ?? undefined;
    const coin = this.#load(key);
    if (coin) this.#remember(key, coin);
    return coin;
  }

  /** `getCoin` for a coin about to be spent, or looked for in vain: it is not kept in memory. */
  peek(key: string): Coin | undefined {
    const known = this.#known(key);
    return known === undefined ? this.#load(key) : (known ?? undefined);
  }

  /** A coin, null for one that is known to be spent, undefined where only the store can tell. */
  #known(key: string): Coin | null | undefined {
    const change = this.#dirty.get(key) ?? this.#flushing?.get(key);
    return change ? (change.coin ?? null) : this.#clean.get(key);
  }

  #load(key: string): Coin | undefined {
    const bytes = this.#store.get(coinStoreKey(this.set, key));
    return bytes && decoded(() => decodeCoin(bytes));
  }

  /** One of the coins of a transaction that has any (Core: AccessByTxid). */
  getCoinOf(txid: Uint8Array): Coin | undefined {
    const txidKey = binaryKey(txid);
    const changes = new Map<string, Change>();
    for (const layer of [this.#flushing, this.#dirty]) {
      for (const [key, change] of layer ?? []) if (key.startsWith(txidKey)) changes.set(key, change);
    }
    for (const { coin } of changes.values()) if (coin) return coin;
    for (const [key, value] of this.#store.entries(coinStoreRange(this.set, txid))) {
      if (!changes.has(outPointKey(parseCoinStoreKey(key)))) return decoded(() => decodeCoin(value));
    }
    return undefined;
  }

  /** All coins of the moment when the iteration begins, in the order of txid and index. */
  *entries(): IterableIterator<CoinEntry> {
    const changes = [...new Map([...(this.#flushing ?? []), ...this.#dirty])]
      .map(([key, { coin }]) => ({ key: coinStoreKey(this.set, key), coin }))
      .sort((a, b) => compareBytes(a.key, b.key));
    let next = 0;
    const snapshot = this.#store.snapshot();
    try {
      for (const [key, value] of snapshot.entries(prefixRange(Prefix.COIN, this.set))) {
        let order = -1;
        for (; next < changes.length && order < 0; next++) {
          const change = changes[next]!;
          order = compareBytes(change.key, key);
          if (order > 0) break;
          if (change.coin) yield { outpoint: parseCoinStoreKey(change.key), coin: change.coin };
        }
        // A change of this very coin has taken its place.
        if (order !== 0) yield decoded(() => ({ outpoint: parseCoinStoreKey(key), coin: decodeCoin(value) }));
      }
    } finally {
      snapshot.close();
    }
    for (const { key, coin } of changes.slice(next)) if (coin) yield { outpoint: parseCoinStoreKey(key), coin };
  }

  /** Adds a coin. Only one of a coinbase may be there already, and is replaced (BIP30). */
  add(key: string, coin: Coin): void {
    const previous = this.#dirty.get(key);
    const fresh = previous ? previous.fresh : !coin.isCoinbase && !this.#flushing?.has(key);
    this.#change(key, previous, { coin, fresh });
    this.#forget(key);
  }

  /** Removes a coin that is there. */
  spend(key: string): void {
    const previous = this.#dirty.get(key);
    if (previous?.fresh) {
      this.#dirty.delete(key);
      this.#dirtyBytes -= sizeOf(previous.coin);
    } else {
      this.#change(key, previous, { coin: undefined, fresh: false });
      this.#forget(key);
    }
  }

  #change(key: string, previous: Change | undefined, change: Change): void {
    this.#dirty.set(key, change);
    this.#dirtyBytes += sizeOf(change.coin) - (previous ? sizeOf(previous.coin) : 0);
  }

  #remember(key: string, coin: Coin): void {
    this.#forget(key);
    this.#clean.set(key, coin);
    this.#cleanBytes += sizeOf(coin);
    if (this.#cleanBytes + this.#dirtyBytes <= this.#maxBytes) return;
    for (const [oldest, old] of this.#clean) {
      this.#clean.delete(oldest);
      this.#cleanBytes -= sizeOf(old);
      if (this.#cleanBytes + this.#dirtyBytes <= this.#maxBytes) return;
    }
  }

  #forget(key: string): void {
    const coin = this.#clean.get(key);
    if (!coin) return;
    this.#clean.delete(key);
    this.#cleanBytes -= sizeOf(coin);
  }

  /** All unwritten changes, for one atomic batch. Until it is done or has failed, no second one may begin. */
  beginFlush(): CoinFlush {
    const changes = this.#dirty;
    const bytes = this.#dirtyBytes;
    this.#dirty = new Map();
    this.#dirtyBytes = 0;
    this.#flushing = changes;
    return {
      operations: this.#operations(changes),
      done: () => {
        this.#flushing = undefined;
        for (const [key, { coin }] of changes) {
          // What has changed again since is not what the store holds.
          if (coin && !this.#dirty.has(key)) this.#remember(key, coin);
        }
      },
      failed: () => {
        this.#flushing = undefined;
        const newer = this.#dirty;
        this.#dirty = changes;
        this.#dirtyBytes += bytes;
        for (const [key, change] of newer) {
          const older = changes.get(key);
          if (older) this.#dirtyBytes -= sizeOf(older.coin);
          changes.set(key, change);
        }
      },
    };
  }

  /** In the order of the keys, which is how a B-tree takes them best. */
  #operations(changes: ReadonlyMap<string, Change>): StoreOperation[] {
    const operations: StoreOperation[] = [];
    for (const key of [...changes.keys()].sort()) {
      const { coin, fresh } = changes.get(key)!;
      const storeKey = coinStoreKey(this.set, key);
      if (coin) operations.push({ type: 'put', key: storeKey, value: encodeCoin(coin) });
      else if (!fresh) operations.push({ type: 'delete', key: storeKey });
    }
    return operations;
  }
}
