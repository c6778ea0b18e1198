import { binaryKey } from '../../bytes/compare.ts';
import { nullOutPoint, outPointKey } from '../../primitives/outpoint.ts';
import { BloomFilter, BloomUpdate } from '../../proofs/bloom-filter.ts';
import { ScriptCursor } from '../../script/cursor.ts';
import { Op } from '../../script/opcodes.ts';
import type { TransactionWatcher } from '../watcher.ts';

/**
 * False positives per tested element. A transaction has about eight elements, so one in a thousand matches: a few per
 * full block. A higher rate would hide the wallet better, but `BloomUpdate.ALL` adds outpoints for every match and
 * would fill the filter.
 */
const FALSE_POSITIVE_RATE = 0.0001;
/** Minimum number of elements the filter is sized for. A filter that is resized reveals more: see `WatchedFilter`. */
const MIN_CAPACITY = 512;

/**
 * The Bloom filter of a watcher (BIP37): data pushes of its scripts, and its unspent outpoints. It also contains the
 * null outpoint, so that the coinbase of every block matches. The coinbase proves the depth of the block's merkle tree
 * (CVE-2017-12842) and reveals nothing about the wallet.
 *
 * All peers get the same filter, with one tweak, and a size that lasts. Two filters of the same elements with another
 * tweak or size would reveal the elements: only those match both.
 */
export class WatchedFilter {
  readonly #watcher: TransactionWatcher;
  readonly #tweak: number;
  #filter: BloomFilter;
  #capacity = MIN_CAPACITY;
  #scripts = new Set<string>();
  #outPoints = new Set<string>();
  /** Incremented with every change. */
  version = 0;

  /** `tweak` is a uint32. */
  constructor(watcher: TransactionWatcher, tweak: number) {
    this.#watcher = watcher;
    this.#tweak = tweak;
    this.#filter = this.#make();
    this.refresh();
  }

  /** Returns a copy of the filter, to be updated by matches as a peer updates its own (BIP37). */
  copy(): BloomFilter {
    return new BloomFilter({ ...this.#filter, data: this.#filter.data.slice() });
  }

  /** Adds the watcher's current scripts and outpoints; returns whether there were new scripts. */
  refresh(): boolean {
    const scripts = this.#watcher.scripts().filter((script) => !this.#scripts.has(binaryKey(script)));
    const outPoints = this.#watcher.outPoints().filter((outPoint) => !this.#outPoints.has(outPointKey(outPoint)));
    if (scripts.length + outPoints.length === 0) return false;
    this.version++;
    if (this.#scripts.size + this.#outPoints.size + scripts.length + outPoints.length >= this.#capacity) {
      this.#rebuild();
      return scripts.length > 0;
    }
    this.#insert(scripts, outPoints);
    return scripts.length > 0;
  }

  /** Builds the filter from scratch, at twice the required size and without spent outpoints. */
  #rebuild(): void {
    const scripts = this.#watcher.scripts();
    const outPoints = this.#watcher.outPoints();
    while (this.#capacity < 2 * (scripts.length + outPoints.length)) this.#capacity *= 2;
    this.#scripts = new Set();
    this.#outPoints = new Set();
    this.#filter = this.#make();
    this.#insert(scripts, outPoints);
  }

  #make(): BloomFilter {
    const filter = BloomFilter.forElements(this.#capacity, FALSE_POSITIVE_RATE, this.#tweak, BloomUpdate.ALL);
    filter.insertOutPoint(nullOutPoint);
    return filter;
  }

  #insert(scripts: readonly Uint8Array[], outPoints: readonly Parameters<typeof outPointKey>[0][]): void {
    for (const script of scripts) {
      this.#scripts.add(binaryKey(script));
      for (const data of pushesOf(script)) this.#filter.insert(data);
    }
    for (const outPoint of outPoints) {
      this.#outPoints.add(outPointKey(outPoint));
      this.#filter.insertOutPoint(outPoint);
    }
  }
}

/** Returns the elements that BIP37 tests in an output: the data pushes of its script. */
function* pushesOf(script: Uint8Array): Generator<Uint8Array> {
  const cursor = new ScriptCursor(script);
  while (cursor.next()) {
    if (cursor.opcode <= Op.OP_PUSHDATA4 && cursor.data.length > 0) yield cursor.data;
  }
}
