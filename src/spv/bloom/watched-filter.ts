import { binaryKey } from '../../bytes/compare.ts';
import { nullOutPoint, outPointKey } from '../../primitives/outpoint.ts';
import { BloomFilter, BloomUpdate } from '../../proofs/bloom-filter.ts';
import { ScriptCursor } from '../../script/cursor.ts';
import { Op } from '../../script/opcodes.ts';
import type { TransactionWatcher } from '../watcher.ts';

/**
 * How many elements that are not watched for seem to be. With about eight in a transaction, one transaction in a thousand
 * is sent for nothing: a few in a full block. More would hide the wallet better, and drown it in what `BloomUpdate.ALL`
 * adds for each.
 */
const FALSE_POSITIVE_RATE = 0.0001;
/** Elements for which there is room at least. A filter that seldom grows tells less: see `WatchedFilter`. */
const MIN_CAPACITY = 512;

/**
 * The Bloom filter of what a watcher waits for (BIP37): what its scripts push, and its outputs, to see them spent. The null
 * outpoint is in it as well, so that every block shows its coinbase, which proves how deep the block's tree is
 * (CVE-2017-12842), without telling anybody which of the other matches are meant.
 *
 * All peers get the same filter, with one tweak, as big as it will be for a long time. Of two filters for the same
 * elements that differ in tweak or size, the elements are what matches both.
 */
export class WatchedFilter {
  readonly #watcher: TransactionWatcher;
  readonly #tweak: number;
  #filter: BloomFilter;
  #capacity = MIN_CAPACITY;
  #scripts = new Set<string>();
  #outPoints = new Set<string>();
  /** Another one for every other content. */
  version = 0;

  /** `tweak` is a uint32. */
  constructor(watcher: TransactionWatcher, tweak: number) {
    this.#watcher = watcher;
    this.#tweak = tweak;
    this.#filter = this.#make();
    this.refresh();
  }

  /** A copy of the filter, to be changed as whoever has loaded it does. */
  copy(): BloomFilter {
    return new BloomFilter({ ...this.#filter, data: this.#filter.data.slice() });
  }

  /** Adds what is watched for by now; returns whether there were scripts that the filter did not hold before. */
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

  /** Begins anew, with twice the room that is needed, and without what is watched for no longer. */
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

/** What BIP37 looks for in an output: all that its script pushes. */
function* pushesOf(script: Uint8Array): Generator<Uint8Array> {
  const cursor = new ScriptCursor(script);
  while (cursor.next()) {
    if (cursor.opcode <= Op.OP_PUSHDATA4 && cursor.data.length > 0) yield cursor.data;
  }
}
