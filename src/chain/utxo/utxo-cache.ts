import { binaryKey, compareBytes } from '../../bytes/compare.ts';
import { DecodeError } from '../../bytes/errors.ts';
import type { Coin, CoinView } from '../../consensus/coins.ts';
import { ITEMS_PER_STEP } from '../../platform/slices.ts';
import { type OutPoint, outPointKey } from '../../primitives/outpoint.ts';
import type { Store, StoreOperation } from '../../store/store.ts';
import { corrupt } from '../records/errors.ts';
import { coinStoreKey, coinStoreRange, Prefix, parseCoinStoreKey, prefixRange } from '../records/keys.ts';
import { decodeCoin, encodeCoin } from './coin-codec.ts';

/** A view of the UTXO set for connecting a block. */
export interface CoinSource {
  /** Returns the unspent coin with this `outPointKey`, without caching it. */
  peek(key: string): Coin | undefined;
}

/** An entry of the UTXO set. */
export interface UnspentOutput {
  readonly outpoint: OutPoint;
  readonly coin: Coin;
}

/** A pending change of the UTXO set (Core: CCoinsCacheEntry). */
interface CacheEntry {
  /** Undefined if spent. */
  readonly coin: Coin | undefined;
  /** The store has no coin with this key, so spending this one leaves nothing to write (Core: FRESH). */
  fresh: boolean;
}

/** Approximate bytes of memory of a coin without its script. */
const COIN_OVERHEAD = 320;

const sizeOf = (coin: Coin | undefined) => COIN_OVERHEAD + (coin?.output.scriptPubKey.length ?? 0);

/** Keys that are sorted in one step, within a tenth of a millisecond. */
const KEYS_PER_SORT = 256;

/** Sorts keys, in steps: those that begin with the same byte of a txid, of which there are few or which are in order. */
function* sortedKeys(keys: ReadonlyMap<string, unknown>): Generator<void, string[]> {
  if (keys.size <= KEYS_PER_SORT) return [...keys.keys()].sort();
  const groups: string[][] = Array.from({ length: 256 }, () => []);
  for (const key of keys.keys()) groups[key.charCodeAt(0)]!.push(key);
  const sorted: string[] = [];
  for (const group of groups) {
    yield;
    for (const key of group.sort()) sorted.push(key);
  }
  return sorted;
}

/** The pending changes as one batch; after writing it, the caller must call `done` or `failed`. */
export interface CoinFlush {
  /** Encodes the batch, in steps of some coins. The changes are fixed. */
  operations(): Generator<void, StoreOperation[]>;
  /** The batch was written. */
  done(): void;
  /** The batch was not written: its changes are pending again. */
  failed(): void;
}

function decoded<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DecodeError) throw corrupt('a coin cannot be decoded', error);
    throw error;
  }
}

/**
 * The UTXO set at the tip (Core: CCoinsViewCache): pending changes in memory on top of the store, and a bounded cache
 * of recently read and written coins. Keys are `outPointKey`s.
 */
export class UtxoCache implements CoinView, CoinSource {
  readonly #store: Store;
  readonly #maxBytes: number;
  /** Which of the store's two coin sets this is: 0 or 1. */
  readonly coinSet: number;
  #dirty = new Map<string, CacheEntry>();
  /** Changes in the batch that is being written. */
  #flushing: Map<string, CacheEntry> | undefined;
  /** Equal to the store; least recently used first. */
  readonly #clean = new Map<string, Coin>();
  #dirtyBytes = 0;
  #cleanBytes = 0;

  constructor(store: Store, set: number, maxBytes: number) {
    this.#store = store;
    this.coinSet = set;
    this.#maxBytes = maxBytes;
  }

  /** Approximate bytes of memory that pending changes take. */
  get dirtyBytes(): number {
    return this.#dirtyBytes;
  }

  /** Returns the coin if it is unspent, and caches it. */
  getCoin(outpoint: OutPoint): Coin | undefined {
    const key = outPointKey(outpoint);
    const known = this.#known(key);
    if (known !== undefined) return known ?? undefined;
    const coin = this.#load(key);
    if (coin) this.#remember(key, coin);
    return coin;
  }

  /** Returns the coin if it is unspent, without caching it: block connection spends it at once. */
  peek(key: string): Coin | undefined {
    const known = this.#known(key);
    return known === undefined ? this.#load(key) : (known ?? undefined);
  }

  /** Returns the coin, null if it is known to be spent, undefined if it must be looked up in the store. */
  #known(key: string): Coin | null | undefined {
    const change = this.#dirty.get(key) ?? this.#flushing?.get(key);
    return change ? (change.coin ?? null) : this.#clean.get(key);
  }

  #load(key: string): Coin | undefined {
    const bytes = this.#store.get(coinStoreKey(this.coinSet, key));
    return bytes && decoded(() => decodeCoin(bytes));
  }

  /** Returns one of the transaction's unspent coins (Core: AccessByTxid). */
  getCoinByTxid(txid: Uint8Array): Coin | undefined {
    const txidKey = binaryKey(txid);
    const changes = new Map<string, CacheEntry>();
    for (const layer of [this.#flushing, this.#dirty]) {
      for (const [key, change] of layer ?? []) if (key.startsWith(txidKey)) changes.set(key, change);
    }
    for (const { coin } of changes.values()) if (coin) return coin;
    for (const [key, value] of this.#store.entries(coinStoreRange(this.coinSet, txid))) {
      if (!changes.has(outPointKey(parseCoinStoreKey(key)))) return decoded(() => decodeCoin(value));
    }
    return undefined;
  }

  /** Iterates over the UTXO set as of the start of the iteration, in the order of txid and index. */
  *entries(): IterableIterator<UnspentOutput> {
    const changes = [...new Map([...(this.#flushing ?? []), ...this.#dirty])]
      .map(([key, { coin }]) => ({ key: coinStoreKey(this.coinSet, key), coin }))
      .sort((a, b) => compareBytes(a.key, b.key));
    let next = 0;
    const snapshot = this.#store.snapshot();
    try {
      for (const [key, value] of snapshot.entries(prefixRange(Prefix.COIN, this.coinSet))) {
        let order = -1;
        for (; next < changes.length && order < 0; next++) {
          const change = changes[next]!;
          order = compareBytes(change.key, key);
          if (order > 0) break;
          if (change.coin) yield { outpoint: parseCoinStoreKey(change.key), coin: change.coin };
        }
        // A pending change of the same coin replaces the stored one.
        if (order !== 0) yield decoded(() => ({ outpoint: parseCoinStoreKey(key), coin: decodeCoin(value) }));
      }
    } finally {
      snapshot.close();
    }
    for (const { key, coin } of changes.slice(next)) if (coin) yield { outpoint: parseCoinStoreKey(key), coin };
  }

  /** Adds a coin. It overwrites an existing one only for a coinbase (the duplicates before BIP30). */
  add(key: string, coin: Coin): void {
    const previous = this.#dirty.get(key);
    const fresh = previous ? previous.fresh : !coin.isCoinbase && !this.#flushing?.has(key);
    this.#change(key, previous, { coin, fresh });
    this.#forget(key);
  }

  /** Spends a coin, which must be unspent. */
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

  #change(key: string, previous: CacheEntry | undefined, change: CacheEntry): void {
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

  /** Returns all pending changes as one batch. The next flush must not start before it is done or has failed. */
  beginFlush(): CoinFlush {
    const changes = this.#dirty;
    const bytes = this.#dirtyBytes;
    this.#dirty = new Map();
    this.#dirtyBytes = 0;
    this.#flushing = changes;
    return {
      operations: () => this.#operations(changes),
      done: () => {
        this.#flushing = undefined;
        for (const [key, { coin }] of changes) {
          // A coin that has changed since differs from the store.
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

  /** In key order, the fastest for a B-tree. */
  *#operations(changes: ReadonlyMap<string, CacheEntry>): Generator<void, StoreOperation[]> {
    const operations: StoreOperation[] = [];
    let i = 0;
    for (const key of yield* sortedKeys(changes)) {
      const { coin } = changes.get(key)!;
      const storeKey = coinStoreKey(this.coinSet, key);
      if (coin) operations.push({ type: 'put', key: storeKey, value: encodeCoin(coin) });
      else operations.push({ type: 'delete', key: storeKey });
      if (i++ % ITEMS_PER_STEP === 0) yield;
    }
    return operations;
  }
}
