import type { List } from '../../../bytes/encoded-list.ts';
import type { Random } from '../../../platform/random.ts';
import { BlockPool } from '../../transport/block-pool.ts';
import { MAX_TX_INDEX } from '../../wire/messages/tx-index.ts';

const EMPTY = -1;
const TWO_32 = 2 ** 32;
/** Ids added in one step. */
const STEP = 2_000;

/** Bytes for each id: itself, the index of its transaction, and a mark. */
const BYTES_PER_ID = 8 + 2 + 1;
/** The most ids of a compact block: a block's transactions have 16-bit indexes. */
const MAX_IDS = MAX_TX_INDEX;

/** Returns the buckets for so many ids: at most half of them are used. */
function bucketCount(length: number): number {
  return 2 ** Math.ceil(Math.log2(2 * length + 2));
}

/** Returns a number of bytes, rounded up for an array of numbers to follow. */
function align(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

/** Memory for tables: the longest takes 1.2 MB, and one is made for each compact block. */
const tableBlocks = new BlockPool(align(MAX_IDS * BYTES_PER_ID + 4 * bucketCount(MAX_IDS)));

/**
 * A hash table of a compact block's short ids (BIP152). Its hash function has a secret, so that the sender, which
 * chooses the ids, cannot make lookups slow.
 */
export class ShortIdTable {
  /** For each id, the index of its transaction in the block. */
  readonly indexes: Uint16Array;
  /**
   * For each id, 1 if two of our transactions have it: then the transaction is requested, since a wrong guess costs the
   * block.
   */
  readonly isAmbiguous: Uint8Array;
  readonly #ids: Float64Array;
  /** Positions in `#ids`, or EMPTY. */
  readonly #buckets: Int32Array;
  readonly #mask: number;
  readonly #secret: Uint32Array;
  #block: Uint8Array | undefined;

  private constructor(length: number, random: Random) {
    const size = bucketCount(length);
    this.#block = tableBlocks.take();
    const { buffer, byteOffset } = this.#block;
    // The arrays with the longest elements first, so that all are aligned.
    this.#ids = new Float64Array(buffer, byteOffset, length);
    this.#buckets = new Int32Array(buffer, byteOffset + 8 * length, size).fill(EMPTY);
    this.indexes = new Uint16Array(buffer, byteOffset + 8 * length + 4 * size, length);
    this.isAmbiguous = new Uint8Array(buffer, byteOffset + 10 * length + 4 * size, length).fill(0);
    this.#mask = size - 1;
    this.#secret = new Uint32Array(random.bytes(8).slice().buffer);
  }

  /**
   * Returns, in steps, a table of `ids`, numbers of 48 bits; undefined if two of them are equal. The caller releases
   * the table.
   */
  static *of(ids: List<number>, random: Random): Generator<void, ShortIdTable | undefined, void> {
    const table = new ShortIdTable(ids.length, random);
    let isDone = false;
    try {
      let at = 0;
      for (const id of ids) {
        if (!table.#insert(at++, id)) return undefined;
        if (at % STEP === 0) yield;
      }
      isDone = true;
      return table;
    } finally {
      if (!isDone) table.release();
    }
  }

  /** Number of ids. */
  get length(): number {
    return this.#ids.length;
  }

  /** Gives the table's memory back; it is not used any more. Idempotent. */
  release(): void {
    if (this.#block) tableBlocks.give(this.#block);
    this.#block = undefined;
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
