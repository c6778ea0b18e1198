import { DecodeError } from '../bytes/errors.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter, compactSizeLength } from '../bytes/writer.ts';
import { sipHash } from '../crypto/siphash.ts';
import { atOnce, ITEMS_PER_STEP } from '../platform/slices.ts';

/**
 * The Golomb-coded set of BIP158. The N elements are hashed uniformly to numbers below N * M, and the sorted numbers
 * are stored as differences in Golomb-Rice coding: the quotient by 2^P in unary (ones, then a zero), the remainder in P
 * bits. The false positive rate is 1/M.
 */
const P = 19;
const M = 784_931;

const TWO_16 = 2 ** 16;
const TWO_32 = 2 ** 32;

/** Returns the upper 32 bits of the product of two uint32. */
function upperProduct(a: number, b: number): number {
  const low = a * (b & 0xffff);
  return Math.floor((a * (b >>> 16) + Math.floor(low / TWO_16)) / TWO_16);
}

/** Maps a uint64, given as halves, to [0, range), for a range below 2^53: exactly (value * range) >> 64 (BIP158). */
export function multiplyShift(high: number, low: number, range: number): number {
  const rangeHigh = Math.floor(range / TWO_32);
  const rangeLow = range >>> 0;
  const lowTimesHigh = low * rangeHigh;
  const middle = upperProduct(low, rangeLow) + (Math.imul(high, rangeLow) >>> 0) + (lowTimesHigh % TWO_32);
  return (
    high * rangeHigh + upperProduct(high, rangeLow) + Math.floor(lowTimesHigh / TWO_32) + Math.floor(middle / TWO_32)
  );
}

/** Hashes an element to its number in a set of `count` elements. */
function hashInto(key: Uint8Array, element: Uint8Array, count: number): number {
  const { high, low } = sipHash(key, element);
  return multiplyShift(high, low, count * M);
}

/** Hashes elements to their numbers in a set of `count` elements; returns them in ascending order. */
function* sortedHashes(key: Uint8Array, elements: readonly Uint8Array[], count: number): Generator<void, Float64Array> {
  const hashes = new Float64Array(elements.length);
  for (let i = 0; i < elements.length; i++) {
    hashes[i] = hashInto(key, elements[i]!, count);
    if (i % ITEMS_PER_STEP === 0) yield;
  }
  return hashes.sort();
}

/** Encodes a set of distinct elements under a 16-byte key: the count as a compact size, then the coded differences. */
export function encodeSet(key: Uint8Array, elements: readonly Uint8Array[]): Uint8Array {
  return atOnce(encodeSetInSteps(key, elements));
}

/** Does what `encodeSet` does, in steps. */
export function* encodeSetInSteps(key: Uint8Array, elements: readonly Uint8Array[]): Generator<void, Uint8Array> {
  const count = elements.length;
  // Each element takes P + 1 bits plus its quotient, and the quotients sum up to at most count * M / 2^P.
  const mostBits = count * (P + 1) + Math.floor((count * M) / 2 ** P);
  const writer = new ByteWriter(compactSizeLength(count) + Math.ceil(mostBits / 8)).compactSize(count);
  // Between writes fewer than 8 bits are pending, and a write has at most 24 bits, so all fit into 32.
  let bits = 0;
  let length = 0;
  const write = (value: number, size: number) => {
    bits = (bits << size) | value;
    length += size;
    while (length >= 8) {
      length -= 8;
      writer.u8((bits >>> length) & 0xff);
    }
  };
  let before = 0;
  for (const hash of yield* sortedHashes(key, elements, count)) {
    const difference = hash - before;
    before = hash;
    let ones = Math.floor(difference / 2 ** P);
    for (; ones > 16; ones -= 16) write(0xffff, 16);
    write(((1 << ones) - 1) << 1, ones + 1);
    write(difference % 2 ** P, P);
  }
  if (length > 0) write(0, 8 - length);
  return writer.finish();
}

/**
 * Returns whether an encoded set contains any of the queried elements, with a false positive rate of 1/M per element.
 * Stops reading at the first match. Throws `DecodeError` if the part read is malformed.
 */
export function matchesAny(key: Uint8Array, set: Uint8Array, query: readonly Uint8Array[]): boolean {
  const reader = new SetReader(set);
  const wanted = atOnce(sortedHashes(key, query, reader.count));
  let at = 0;
  for (let left = reader.count; left > 0; left--) {
    const element = reader.next();
    while (at < wanted.length && wanted[at]! < element) at++;
    if (wanted[at] === element) return true;
  }
  reader.end();
  return false;
}

/** A decoded Golomb-coded set. */
export interface DecodedSet {
  /** The number of elements that the encoding announces. */
  readonly count: number;
  /** Returns whether the set contains an element, with a false positive rate of 1/784,931. */
  has(element: Uint8Array): boolean;
}

/** Decodes a whole set. Throws `DecodeError` if it is malformed. */
export function decodeSet(key: Uint8Array, set: Uint8Array): DecodedSet {
  const reader = new SetReader(set);
  const { count } = reader;
  const numbers = new Set<number>();
  for (let left = count; left > 0; left--) numbers.add(reader.next());
  reader.end();
  return { count, has: (element) => numbers.has(hashInto(key, element, count)) };
}

/** Reads the numbers of an encoded set in ascending order. */
class SetReader {
  /** The number of elements; the constructor rejects more than fit into the bytes. */
  readonly count: number;
  readonly #bytes: Uint8Array;
  #offset: number;
  #value = 0;
  /** Holds the pending bits in its lowest `#length` bits. */
  #bits = 0;
  #length = 0;

  constructor(set: Uint8Array) {
    const reader = new ByteReader(set);
    this.count = reader.compactSize();
    if (this.count > Math.floor((reader.remaining * 8) / (P + 1))) {
      throw new DecodeError('truncated', reader.offset, `${this.count} elements in ${reader.remaining} bytes`);
    }
    this.#bytes = set;
    this.#offset = reader.offset;
  }

  next(): number {
    let ones = 0;
    while (this.#read(1) === 1) ones++;
    this.#value += ones * 2 ** P + this.#read(P);
    return this.#value;
  }

  /** Throws `DecodeError` unless only the zero padding of the last byte is left. */
  end(): void {
    const left = this.#bytes.length - this.#offset;
    if (left > 0) throw new DecodeError('trailing-bytes', this.#offset, `${left} bytes left after the set`);
    if (this.#read(this.#length) !== 0) throw new DecodeError('invalid', this.#offset, 'nonzero padding after the set');
  }

  /** Reads up to 24 bits, most significant bit first. */
  #read(size: number): number {
    while (this.#length < size) {
      if (this.#offset === this.#bytes.length)
        throw new DecodeError('truncated', this.#offset, 'the set ends too early');
      this.#bits = (this.#bits << 8) | this.#bytes[this.#offset++]!;
      this.#length += 8;
    }
    this.#length -= size;
    return (this.#bits >>> this.#length) & ((1 << size) - 1);
  }
}
