import type { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { murmur3 } from '../crypto/murmur3.ts';
import { type OutPoint, writeOutPoint } from '../primitives/outpoint.ts';
import type { Transaction } from '../primitives/transaction.ts';
import { ScriptCursor } from '../script/cursor.ts';
import { Op } from '../script/opcodes.ts';
import { solve } from '../script/standard.ts';

/** Bytes: 20,000 elements with one false positive in 1,000, or 10,000 with one in a million (BIP37). */
export const MAX_BLOOM_FILTER_SIZE = 36_000;
export const MAX_HASH_FUNCS = 50;

/** Whether the outpoint of an output that matches is put into the filter, so that what spends it matches, too. */
export const BloomUpdate = {
  NONE: 0,
  ALL: 1,
  /** Only where the output is of a bare key or multisig, whose spender need not show what matched. */
  P2PUBKEY_ONLY: 2,
} as const;

/** The flags' bits that `BloomUpdate` stands in. */
const UPDATE_MASK = 3;

export interface BloomFilterFields {
  /** The bits, eight a byte, the first in the lowest place. They are changed by `insert`. */
  readonly data: Uint8Array;
  /** uint32: bits that are set for each element. */
  readonly hashFuncs: number;
  /** uint32: makes the filters of one wallet differ. */
  readonly tweak: number;
  /** A byte, with one of `BloomUpdate` in it. */
  readonly flags: number;
}

/** BIP37: a set of elements that may also seem to hold others (Core: CBloomFilter). */
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
   * An empty filter for so many elements, of which others seem to be at the given rate (above 0, below 1). Where that
   * takes more than the protocol allows, the rate is higher.
   */
  static forElements(count: number, falsePositiveRate: number, tweak: number, flags: number): BloomFilter {
    const bits = Math.floor((-1 / Math.LN2 ** 2) * count * Math.log(falsePositiveRate));
    const size = Math.floor(Math.min(bits, 8 * MAX_BLOOM_FILTER_SIZE) / 8);
    const hashFuncs = Math.min(Math.floor(Math.floor((8 * size) / count) * Math.LN2), MAX_HASH_FUNCS);
    return new BloomFilter({ data: new Uint8Array(size), hashFuncs, tweak, flags });
  }

  /** Reads a filter of any size, with a copy of its bits; throws `DecodeError`. */
  static read(reader: ByteReader): BloomFilter {
    const data = reader.varBytes().slice();
    return new BloomFilter({ data, hashFuncs: reader.u32(), tweak: reader.u32(), flags: reader.u8() });
  }

  encode(): Uint8Array {
    return new ByteWriter(14 + this.data.length)
      .varBytes(this.data)
      .u32(this.hashFuncs)
      .u32(this.tweak)
      .u8(this.flags)
      .finish();
  }

  /** Whether the protocol allows a filter of this size. */
  get isWithinSizeConstraints(): boolean {
    return this.data.length <= MAX_BLOOM_FILTER_SIZE && this.hashFuncs <= MAX_HASH_FUNCS;
  }

  insert(element: Uint8Array): void {
    // Without bits there is nothing to divide by (CVE-2013-5700).
    if (this.data.length === 0) return;
    for (let i = 0; i < this.hashFuncs; i++) {
      const bit = this.#bitOf(i, element);
      this.data[bit >>> 3]! |= 1 << (bit & 7);
    }
  }

  insertOutPoint(outpoint: OutPoint): void {
    this.insert(outPointBytes(outpoint));
  }

  /** Whether the element has been inserted, or seems to have been. A filter without bits holds everything. */
  contains(element: Uint8Array): boolean {
    if (this.data.length === 0) return true;
    for (let i = 0; i < this.hashFuncs; i++) {
      const bit = this.#bitOf(i, element);
      if ((this.data[bit >>> 3]! & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  }

  containsOutPoint(outpoint: OutPoint): boolean {
    return this.contains(outPointBytes(outpoint));
  }

  /**
   * Whether the transaction's txid, what its output scripts push, what it spends, or what its input scripts push is in
   * the filter. Witnesses are not looked at. Outputs that match may change the filter, as its flags say.
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

  /** Looks as far as the script can be read. */
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
    // The constant spreads the functions' seeds over all values (BIP37).
    const seed = (Math.imul(hashFunc, 0xfba4c795) + this.tweak) >>> 0;
    return murmur3(seed, element) % (8 * this.data.length);
  }
}

function outPointBytes(outpoint: OutPoint): Uint8Array {
  const writer = new ByteWriter(36);
  writeOutPoint(writer, outpoint);
  return writer.finish();
}
