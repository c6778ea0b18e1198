import { concatBytes } from '../../bytes/compare.ts';
import { ByteWriter } from '../../bytes/writer.ts';
import { sha256d } from '../../crypto/hash.ts';
import { type Random, randomInt } from '../../platform/random.ts';
import type { Endpoint } from '../net/endpoint.ts';
import { endpointKey, netGroup } from '../net/netgroup.ts';

/** Buckets of the new table (Core: ADDRMAN_NEW_BUCKET_COUNT). */
const NEW_BUCKETS = 1024;
/** Buckets of the tried table (Core: ADDRMAN_TRIED_BUCKET_COUNT). */
const TRIED_BUCKETS = 256;
/** Slots per bucket (Core: ADDRMAN_BUCKET_SIZE). */
const BUCKET_SIZE = 64;
/** Buckets of the new table that one source's netgroup can reach (Core: ADDRMAN_NEW_BUCKETS_PER_SOURCE_GROUP). */
const NEW_BUCKETS_PER_SOURCE_GROUP = 64n;
/** Buckets of the tried table that one netgroup can reach (Core: ADDRMAN_TRIED_BUCKETS_PER_GROUP). */
const TRIED_BUCKETS_PER_GROUP = 8n;

/** Slots of both tables, and so the most addresses that can be known. */
export const MAX_KNOWN_ADDRESSES = (NEW_BUCKETS + TRIED_BUCKETS) * BUCKET_SIZE;

/** Returns the first 64 bits of a double SHA-256, little-endian (Core: GetCheapHash). */
function cheapHash(...parts: readonly Uint8Array[]): bigint {
  const hash = sha256d(concatBytes(...parts));
  return new DataView(hash.buffer, hash.byteOffset).getBigUint64(0, true);
}

const sized = (bytes: Uint8Array) => new ByteWriter(bytes.length + 1).varBytes(bytes).finish();
const uint64 = (value: bigint) => new ByteWriter(8).u64(value).finish();
const int32 = (value: number) => new ByteWriter(4).i32(value).finish();

/** Returns an address's bucket in the tried table; `key` is the tables' 32-byte secret (Core: GetTriedBucket). */
export function triedBucket(key: Uint8Array, endpoint: Endpoint): number {
  const within = cheapHash(key, sized(endpointKey(endpoint))) % TRIED_BUCKETS_PER_GROUP;
  return Number(cheapHash(key, sized(netGroup(endpoint)), uint64(within)) % BigInt(TRIED_BUCKETS));
}

/** Returns an address's bucket in the new table if announced by `source` (Core: GetNewBucket). */
export function newBucket(key: Uint8Array, endpoint: Endpoint, source: Endpoint): number {
  const sourceGroup = sized(netGroup(source));
  const within = cheapHash(key, sized(netGroup(endpoint)), sourceGroup) % NEW_BUCKETS_PER_SOURCE_GROUP;
  return Number(cheapHash(key, sourceGroup, uint64(within)) % BigInt(NEW_BUCKETS));
}

/** Returns an address's slot in its table, a bucket and a position in one number (Core: GetBucketPosition). */
export function slotIn(key: Uint8Array, table: 'new' | 'tried', bucket: number, endpoint: Endpoint): number {
  const letter = Uint8Array.of(table === 'new' ? 0x4e : 0x4b);
  const position = cheapHash(key, letter, int32(bucket), sized(endpointKey(endpoint))) % BigInt(BUCKET_SIZE);
  return bucket * BUCKET_SIZE + Number(position);
}

/** A sparse table of buckets of 64 slots. */
export class BucketTable<T> {
  readonly #slots = new Map<number, T>();
  /** The non-empty buckets, for random selection. */
  readonly #used: number[] = [];
  /** Each non-empty bucket's index in `#used`, and how many of its slots are filled. */
  readonly #usage = new Map<number, { index: number; count: number }>();

  get(slot: number): T | undefined {
    return this.#slots.get(slot);
  }

  /** Fills an empty slot. */
  set(slot: number, item: T): void {
    this.#slots.set(slot, item);
    const bucket = Math.floor(slot / BUCKET_SIZE);
    const usage = this.#usage.get(bucket);
    if (usage) usage.count++;
    else this.#usage.set(bucket, { index: this.#used.push(bucket) - 1, count: 1 });
  }

  /** Empties a filled slot. */
  clear(slot: number): void {
    this.#slots.delete(slot);
    const bucket = Math.floor(slot / BUCKET_SIZE);
    const usage = this.#usage.get(bucket)!;
    if (--usage.count > 0) return;
    this.#usage.delete(bucket);
    const last = this.#used.pop()!;
    if (last === bucket) return;
    this.#used[usage.index] = last;
    this.#usage.get(last)!.index = usage.index;
  }

  /**
   * Returns a random item of a random non-empty bucket, as Core does: the buckets have equal chances, not the items.
   */
  random(random: Random): T | undefined {
    if (this.#used.length === 0) return undefined;
    const bucket = this.#used[randomInt(random, this.#used.length)]!;
    for (let i = randomInt(random, BUCKET_SIZE); ; i++) {
      const item = this.#slots.get(bucket * BUCKET_SIZE + (i % BUCKET_SIZE));
      if (item !== undefined) return item;
    }
  }
}
