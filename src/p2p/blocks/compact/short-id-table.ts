import type { List } from '../../../bytes/encoded-list.ts';
import type { Random } from '../../../platform/random.ts';

const EMPTY = -1;
const TWO_32 = 2 ** 32;
/** Ids added in one step. */
const STEP = 2_000;

/**
 * A hash table of a compact block's short ids (BIP152). Its hash function has a secret, so that the sender, which
 * chooses the ids, cannot make lookups slow.
 */
export class ShortIdTable {
  readonly #ids: Float64Array;
  /** Positions in `#ids`, or EMPTY. */
  readonly #buckets: Int32Array;
  readonly #mask: number;
  readonly #secret: Uint32Array;

  private constructor(length: number, random: Random) {
    this.#ids = new Float64Array(length);
    // At most half full.
    const size = 2 ** Math.ceil(Math.log2(2 * length + 2));
    this.#buckets = new Int32Array(size).fill(EMPTY);
    this.#mask = size - 1;
    this.#secret = new Uint32Array(random.bytes(8).slice().buffer);
  }

  /** Returns, in steps, a table of `ids`, numbers of 48 bits; undefined if two of them are equal. */
  static *of(ids: List<number>, random: Random): Generator<void, ShortIdTable | undefined, void> {
    const table = new ShortIdTable(ids.length, random);
    let at = 0;
    for (const id of ids) {
      if (!table.#insert(at++, id)) return undefined;
      if (at % STEP === 0) yield;
    }
    return table;
  }

  #insert(at: number, id: number): boolean {
    let bucket = this.#bucketOf(id);
    for (let found = this.#buckets[bucket]!; found !== EMPTY; found = this.#buckets[bucket]!) {
      if (this.#ids[found] === id) return false;
      bucket = (bucket + 1) & this.#mask;
    }
    this.#ids[at] = id;
    this.#buckets[bucket] = at;
    return true;
  }

  /** Returns the position of `id` in the list of ids; -1 if it is not there. */
  find(id: number): number {
    let bucket = this.#bucketOf(id);
    for (let found = this.#buckets[bucket]!; found !== EMPTY; found = this.#buckets[bucket]!) {
      if (this.#ids[found] === id) return found;
      bucket = (bucket + 1) & this.#mask;
    }
    return -1;
  }

  /** Mixes both halves of an id with the secret (MurmurHash3's finalizer). */
  #bucketOf(id: number): number {
    let hash = Math.imul(((id % TWO_32) | 0) ^ this.#secret[0]!, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15) ^ Math.floor(id / TWO_32) ^ this.#secret[1]!, 0xc2b2ae35);
    hash = Math.imul(hash ^ (hash >>> 13), 0x27d4eb2f);
    return (hash ^ (hash >>> 16)) & this.#mask;
  }
}
