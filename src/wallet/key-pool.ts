import { binaryKey } from '../bytes/compare.ts';
import type { StoreOperation } from '../store/store.ts';
import { type AddressType, addressTypes, type KeyRef, type KeyTree } from './keys.ts';
import { type KeyRecord, putKey, putNext } from './records.ts';

/** Keys to watch after the last one handed out, so that a restored wallet finds its coins (BIP44's gap limit). */
export const GAP_LIMIT = 20;
/** Maximum gap: each key that is watched costs an elliptic curve operation at the restore, and a record. */
export const MAX_GAP = 10_000;

type KeyChain = Omit<KeyRef, 'index'>;

/** All chains, in the order of `watchedCounts`. */
const keyChains: readonly KeyChain[] = addressTypes.flatMap((type) => [
  { type, change: false },
  { type, change: true },
]);

const chainName = ({ type, change }: KeyChain) => `${type}/${change ? 1 : 0}`;

interface ChainState {
  /** By index; all are watched. */
  readonly keys: KeyRecord[];
  /** Number of keys handed out. */
  next: number;
  /** Indexes of the keys that transactions pay. */
  readonly used: Set<number>;
}

/** The keys of one wallet: tracks which are handed out, and finds the key of a script. */
export class KeyPool {
  readonly #id: number;
  readonly #tree: KeyTree;
  readonly #gap: number;
  readonly #chains = new Map<string, ChainState>();
  readonly #byScript = new Map<string, KeyRecord>();

  constructor(
    id: number,
    tree: KeyTree,
    stored: { readonly keys: Iterable<KeyRecord>; readonly next: Iterable<[KeyChain, number]> },
    gap = GAP_LIMIT,
  ) {
    const { keys, next } = stored;
    this.#id = id;
    this.#tree = tree;
    this.#gap = gap;
    for (const key of keys) this.#watch(key);
    for (const [chain, count] of next) this.#chain(chain).next = count;
  }

  /** Returns a key pool of its own with the same keys. */
  copy(): KeyPool {
    const copy = new KeyPool(this.#id, this.#tree, { keys: [], next: [] }, this.#gap);
    for (const [name, { keys, next, used }] of this.#chains) {
      copy.#chains.set(name, { keys: [...keys], next, used: new Set(used) });
    }
    for (const [script, key] of this.#byScript) copy.#byScript.set(script, key);
    return copy;
  }

  /** Returns the wallet's key of a script; undefined if the script is not the wallet's. */
  find(scriptPubKey: Uint8Array): KeyRecord | undefined {
    return this.#byScript.get(binaryKey(scriptPubKey));
  }

  /**
   * Returns the scriptPubKeys of all keys, including those not handed out yet. With `beyond`, only of those that were not
   * watched when `watchedCounts` returned these numbers.
   */
  watchedScripts(beyond?: readonly number[]): Uint8Array[] {
    const keys = beyond
      ? keyChains.flatMap((chain, i) => this.#chain(chain).keys.slice(beyond[i]))
      : [...this.#byScript.values()];
    return keys.map(({ output }) => output.scriptPubKey);
  }

  /** Returns the number of watched keys of each chain. They only grow. */
  watchedCounts(): number[] {
    return keyChains.map((chain) => this.#chain(chain).keys.length);
  }

  /** Number of watched keys. */
  get watchedCount(): number {
    return this.#byScript.size;
  }

  /**
   * Returns the gap that a restore from the mnemonic needs to find payments to every key handed out: the longest run of
   * keys up to a key that is used or handed out, none of which is used before it.
   */
  get neededGap(): number {
    let needed = 0;
    for (const { next, used } of this.#chains.values()) {
      let last = -1;
      for (const index of [...used, next - 1].sort((a, b) => a - b)) {
        needed = Math.max(needed, index - last);
        last = index;
      }
    }
    return needed;
  }

  /** Returns how far a key is from the last key before it that is used: the gap that a restore needs to find it. */
  distanceFromUsed(ref: KeyRef): number {
    let last = -1;
    for (const index of this.#chain(ref).used) if (index < ref.index && index > last) last = index;
    return ref.index - last;
  }

  /** Yields the keys handed out, by chain and index. */
  *handedOut(): Generator<KeyRecord> {
    for (const { keys, next } of this.#chains.values()) yield* keys.slice(0, next);
  }

  /** Returns the private key: 32 bytes, secret. */
  privateKey(ref: KeyRef): Uint8Array {
    return this.#tree.privateKey(ref);
  }

  /** Hands out the next key of a chain. The operations must be written before the key is shown. */
  take(chain: KeyChain, label?: string): { key: KeyRecord; operations: StoreOperation[] } {
    const state = this.#chain(chain);
    const operations = this.#advance(chain, state.next + 1);
    let key = state.keys[state.next - 1]!;
    if (label !== undefined && label !== '') {
      key = { ...key, label };
      this.#watch(key);
      operations.push(putKey(this.#id, key));
    }
    return { key, operations };
  }

  /** Returns the key that `take` would return; the chain must be open. */
  peek(chain: KeyChain): KeyRecord {
    const { keys, next } = this.#chain(chain);
    return keys[next]!;
  }

  /** Marks a key as paid: it and all before it count as handed out, and more keys after it are watched. */
  markUsed(ref: KeyRef): StoreOperation[] {
    this.#chain(ref).used.add(ref.index);
    return this.#advance(ref, ref.index + 1);
  }

  /** Watches the first keys of a type on both chains. Other types are not watched before their first address. */
  open(type: AddressType): StoreOperation[] {
    return [false, true].flatMap((change) => this.#advance({ type, change }, 0));
  }

  #advance(chain: KeyChain, next: number): StoreOperation[] {
    const { type, change } = chain;
    const state = this.#chain(chain);
    const operations: StoreOperation[] = [];
    while (state.keys.length < next + this.#gap) {
      const ref = { type, change, index: state.keys.length };
      const key = { ...ref, output: this.#tree.output(ref) };
      this.#watch(key);
      operations.push(putKey(this.#id, key));
    }
    if (next > state.next) {
      state.next = next;
      operations.push(putNext(this.#id, { type, change }, next));
    }
    return operations;
  }

  #watch(key: KeyRecord): void {
    this.#chain(key).keys[key.index] = key;
    this.#byScript.set(binaryKey(key.output.scriptPubKey), key);
  }

  #chain(chain: KeyChain): ChainState {
    const name = chainName(chain);
    let state = this.#chains.get(name);
    if (!state) {
      state = { keys: [], next: 0, used: new Set() };
      this.#chains.set(name, state);
    }
    return state;
  }
}
