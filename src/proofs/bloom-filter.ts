import type { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { murmur3 } from '../crypto/murmur3.ts';
import { type OutPoint, writeOutPoint } from '../primitives/outpoint.ts';
import type { Transaction } from '../primitives/transaction.ts';
import { ScriptCursor } from '../script/cursor.ts';
import { Op } from '../script/opcodes.ts';
import { solve } from '../script/standard.ts';

/** Bytes a filter may have: 20,000 elements at a false positive rate of 0.1% (BIP37; Core: MAX_BLOOM_FILTER_SIZE). */
export const MAX_BLOOM_FILTER_SIZE = 36_000;
/** Hash functions a filter may have (BIP37; Core: MAX_HASH_FUNCS). */
export const MAX_HASH_FUNCS = 50;

/** Whether the filter adds the outpoint of a matching output, so that its spender matches too (Core: bloomflags). */
export const BloomUpdate = {
  NONE: 0,
  ALL: 1,
  /** Only for P2PK and bare multisig outputs, whose inputs do not contain the matched element. */
  P2PUBKEY_ONLY: 2,
} as const;

/** The bits of `flags` that hold a `BloomUpdate` (Core: BLOOM_UPDATE_MASK). */
const UPDATE_MASK = 3;

/** The fields of a Bloom filter, in the order of the encoding. */
export interface BloomFilterFields {
  /** The bits, the lowest bit of each byte first. `insert` changes them. */
  readonly data: Uint8Array;
  /** uint32: hash functions, so bits per element. */
  readonly hashFuncs: number;
  /** uint32: a random salt of the hash functions. */
  readonly tweak: number;
  /** uint8: a `BloomUpdate` in the lowest two bits. */
  readonly flags: number;
}

/**
 * A probabilistic set with false positives, but no false negatives (BIP37; Core: CBloomFilter).
 *
 * @example
 * ```ts
 * import { regtest } from 'pier/consensus';
 * import { BloomFilter, BloomUpdate } from 'pier/proofs';
 *
 * const [coinbase] = regtest.genesis.transactions;
 * const filter = BloomFilter.forElements(10, 0.0001, 0, BloomUpdate.NONE);
 * console.log(filter.isRelevantAndUpdate(coinbase!)); // false
 * filter.insert(coinbase!.txid);
 * console.log(filter.isRelevantAndUpdate(coinbase!)); // true
 * ```
 */
export class BloomFilter implements BloomFilterFields {
  readonly data: Uint8Array;
  readonly hashFuncs: number;
  readonly tweak: number;
  readonly flags: number;

  constructor(fields: BloomFilterFields) {
    this.data = fields.data;
    this.hashFuncs = fields.hashFuncs;
    this.tweak = fields.tweak;
    this.flags = fields.flags;
  }

  /**
   * Returns an empty filter for `count` elements with the given false positive rate (above 0, below 1). The rate is
   * higher if the filter would exceed the limits of the protocol.
   */
  static forElements(count: number, falsePositiveRate: number, tweak: number, flags: number): BloomFilter {
    const bits = Math.floor((-1 / Math.LN2 ** 2) * count * Math.log(falsePositiveRate));
    const size = Math.floor(Math.min(bits, 8 * MAX_BLOOM_FILTER_SIZE) / 8);
    const hashFuncs = Math.min(Math.floor(Math.floor((8 * size) / count) * Math.LN2), MAX_HASH_FUNCS);
    return new BloomFilter({ data: new Uint8Array(size), hashFuncs, tweak, flags });
  }

  /** Reads a filter of any size and copies its bits. Throws `DecodeError`. */
  static read(reader: ByteReader): BloomFilter {
    const data = reader.varBytes().slice();
    return new BloomFilter({ data, hashFuncs: reader.u32(), tweak: reader.u32(), flags: reader.u8() });
  }

  /** Returns the encoding, as in `filterload`. */
  encode(): Uint8Array {
    return new ByteWriter(14 + this.data.length)
      .varBytes(this.data)
      .u32(this.hashFuncs)
      .u32(this.tweak)
      .u8(this.flags)
      .finish();
  }

  /** Whether the size and the number of hash functions are within the limits (Core: IsWithinSizeConstraints). */
  get isWithinSizeConstraints(): boolean {
    return this.data.length <= MAX_BLOOM_FILTER_SIZE && this.hashFuncs <= MAX_HASH_FUNCS;
  }

  /** Adds an element. */
  insert(element: Uint8Array): void {
    // Avoids a division by zero (CVE-2013-5700).
    if (this.data.length === 0) return;
    for (let i = 0; i < this.hashFuncs; i++) {
      const bit = this.#bitOf(i, element);
      this.data[bit >>> 3]! |= 1 << (bit & 7);
    }
  }

  /** Adds an outpoint. */
  insertOutPoint(outpoint: OutPoint): void {
    this.insert(outPointBytes(outpoint));
  }

  /** Returns whether the filter matches an element. An empty `data` matches everything. */
  contains(element: Uint8Array): boolean {
    if (this.data.length === 0) return true;
    for (let i = 0; i < this.hashFuncs; i++) {
      const bit = this.#bitOf(i, element);
      if ((this.data[bit >>> 3]! & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  }

  /** Returns whether the filter matches an outpoint. */
  containsOutPoint(outpoint: OutPoint): boolean {
    return this.contains(outPointBytes(outpoint));
  }

  /**
   * Returns whether the filter matches a transaction: its txid, a push in a scriptPubKey or scriptSig, or a spent
   * outpoint, but not its witnesses. Adds the outpoints of matching outputs according to the flags (Core:
   * IsRelevantAndUpdate).
   */
  isRelevantAndUpdate(tx: Transaction): boolean {
    if (this.data.length === 0) return true;
    let isRelevant = this.contains(tx.txid);
    for (const [vout, { scriptPubKey }] of tx.outputs.entries()) {
      if (!this.#containsPushOf(scriptPubKey)) continue;
      isRelevant = true;
      if (this.#followsSpenderOf(scriptPubKey)) this.insertOutPoint({ txid: tx.txid, vout });
    }
    if (isRelevant) return true;
    return tx.inputs.some((input) => this.containsOutPoint(input.prevout) || this.#containsPushOf(input.scriptSig));
  }

  /** Checks the pushes of a script, up to its end or the first broken push. */
  #containsPushOf(script: Uint8Array): boolean {
    const cursor = new ScriptCursor(script);
    while (cursor.next()) {
      if (cursor.opcode > Op.OP_PUSHDATA4) continue;
      const { data } = cursor;
      if (data.length > 0 && this.contains(data)) return true;
    }
    return false;
  }

  #followsSpenderOf(scriptPubKey: Uint8Array): boolean {
    const update = this.flags & UPDATE_MASK;
    if (update !== BloomUpdate.P2PUBKEY_ONLY) return update === BloomUpdate.ALL;
    const { type } = solve(scriptPubKey);
    return type === 'pubkey' || type === 'multisig';
  }

  #bitOf(hashFunc: number, element: Uint8Array): number {
    // The constant makes the seeds of the hash functions differ in many bits (BIP37).
    const seed = (Math.imul(hashFunc, 0xfba4c795) + this.tweak) >>> 0;
    return murmur3(seed, element) % (8 * this.data.length);
  }
}

function outPointBytes(outpoint: OutPoint): Uint8Array {
  const writer = new ByteWriter(36);
  writeOutPoint(writer, outpoint);
  return writer.finish();
}
