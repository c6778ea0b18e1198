import { binaryKey } from '../bytes/compare.ts';
import type { StoreOperation } from '../store/store.ts';
import type { AddressType, KeyRef, KeyTree } from './keys.ts';
import { type KeyRecord, putKey, putNext } from './records.ts';

/** Keys beyond the last one handed out that are watched for, so that a restored wallet finds its coins (BIP44). */
const GAP_LIMIT = 20;

type KeyChain = Omit<KeyRef, 'index'>;

const chainName = ({ type, change }: KeyChain) => `${type}/${change ? 1 : 0}`;

interface ChainState {
  /** By index; all of them watched. */
  readonly keys: KeyRecord[];
  /** How many have been handed out. */
  next: number;
}

/** The keys of one wallet: which have been handed out, and which scripts are its own. */
export class KeyPool {
  readonly #id: number;
  readonly #tree: KeyTree;
  readonly #chains = new Map<string, ChainState>();
  readonly #byScript = new Map<string, KeyRecord>();

  constructor(id: number, tree: KeyTree, keys: Iterable<KeyRecord>, next: Iterable<[KeyChain, number]>) {
    this.#id = id;
    this.#tree = tree;
    for (const key of keys) this.#watch(key);
    for (const [chain, count] of next) this.#chain(chain).next = count;
  }

  /** The wallet's key to a script, if it has one. */
  find(scriptPubKey: Uint8Array): KeyRecord | undefined {
    return this.#byScript.get(binaryKey(scriptPubKey));
  }

  watchedScripts(): Uint8Array[] {
    return [...this.#byScript.values()].map(({ output }) => output.scriptPubKey);
  }

  /** Keys that have been handed out, in the order of their chains. */
  *handedOut(): Generator<KeyRecord> {
    for (const { keys, next } of this.#chains.values()) yield* keys.slice(0, next);
  }

  /** The key's private key: a secret. */
  privateKey(ref: KeyRef): Uint8Array {
    return this.#tree.privateKey(ref);
  }

  /** The next key of a chain, with the changes that must be durable before anybody sees it. */
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

  /** The key that `take` would return, on a chain that is open. */
  peek(chain: KeyChain): KeyRecord {
    const { keys, next } = this.#chain(chain);
    return keys[next]!;
  }

  /** A coin has come to the key: all before it count as handed out, and the keys beyond are watched for. */
  markUsed(ref: KeyRef): StoreOperation[] {
    return ref.index < this.#chain(ref).next ? [] : this.#advance(ref, ref.index + 1);
  }

  /** Watches the first keys of a type, on both chains. Other types are watched from their first address on. */
  open(type: AddressType): StoreOperation[] {
    return [false, true].flatMap((change) => this.#advance({ type, change }, 0));
  }

  #advance(chain: KeyChain, next: number): StoreOperation[] {
    const { type, change } = chain;
    const state = this.#chain(chain);
    const operations: StoreOperation[] = [];
    while (state.keys.length < next + GAP_LIMIT) {
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
      state = { keys: [], next: 0 };
      this.#chains.set(name, state);
    }
    return state;
  }
}
