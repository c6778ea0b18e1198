import { DecodeError } from '../bytes/errors.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter, compactSizeLength } from '../bytes/writer.ts';
import { sipHash } from '../crypto/siphash.ts';

/**
 * BIP158's Golomb-coded set: the elements are hashed to numbers that are even spread below N * M, and of these, sorted,
 * the differences are written: each in units of 2^P as that many ones and a zero, and the rest in P bits. Who asks for an
 * element that is none is told so but for one time in M.
 */
const P = 19;
const M = 784_931;

const TWO_16 = 2 ** 16;
const TWO_32 = 2 ** 32;

/** The upper half of the product of two uint32. */
function upperProduct(a: number, b: number): number {
  const low = a * (b & 0xffff);
  return Math.floor((a * (b >>> 16) + Math.floor(low / TWO_16)) / TWO_16);
}

/** The product of a uint64, in halves, and `range`, below 2^53, divided by 2^64: exact, and below `range`. */
export function multiplyShift(high: number, low: number, range: number): number {
  const rangeHigh = Math.floor(range / TWO_32);
  const rangeLow = range >>> 0;
  const lowTimesHigh = low * rangeHigh;
  const middle = upperProduct(low, rangeLow) + (Math.imul(high, rangeLow) >>> 0) + (lowTimesHigh % TWO_32);
  return (
    high * rangeHigh + upperProduct(high, rangeLow) + Math.floor(lowTimesHigh / TWO_32) + Math.floor(middle / TWO_32)
  );
}

/** The number that stands for an element in a set of `count`. */
function hashInto(key: Uint8Array, element: Uint8Array, count: number): number {
  const { high, low } = sipHash(key, element);
  return multiplyShift(high, low, count * M);
}

/** The numbers that stand for the elements in a set of `count`, in ascending order. */
function sortedHashes(key: Uint8Array, elements: readonly Uint8Array[], count: number): Float64Array {
  const hashes = new Float64Array(elements.length);
  for (let i = 0; i < elements.length; i++) hashes[i] = hashInto(key, elements[i]!, count);
  return hashes.sort();
}

/** The set of these elements, which must differ from each other, under a key of 16 bytes: their count, then their bits. */
export function encodeSet(key: Uint8Array, elements: readonly Uint8Array[]): Uint8Array {
  const count = elements.length;
  // An element takes P + 1 bits, and all together have no more ones than 2^P fits below the greatest.
  const mostBits = count * (P + 1) + Math.floor((count * M) / 2 ** P);
  const writer = new ByteWriter(compactSizeLength(count) + Math.ceil(mostBits / 8)).compactSize(count);
  // Less than 8 bits wait between two writes, and no write is longer than 24.
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
  for (const hash of sortedHashes(key, elements, count)) {
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
 * Whether any of the queried elements is in an encoded set: surely if one is; and by chance, once in M for each other one.
 * The set is read no further than to the first that is found. Throws `DecodeError` where what is read makes no sense.
 */
export function matchesAny(key: Uint8Array, set: Uint8Array, query: readonly Uint8Array[]): boolean {
  const reader = new SetReader(set);
  const wanted = sortedHashes(key, query, reader.count);
  let at = 0;
  for (let left = reader.count; left > 0; left--) {
    const element = reader.next();
    while (at < wanted.length && wanted[at]! < element) at++;
    if (wanted[at] === element) return true;
  }
  reader.end();
  return false;
}

/** A set that has been read to its end: which elements are in it, but for one time in M, and how many it says it has. */
export interface DecodedSet {
  readonly count: number;
  has(element: Uint8Array): boolean;
}

/** Reads a whole set. Throws `DecodeError` where it makes no sense. */
export function decodeSet(key: Uint8Array, set: Uint8Array): DecodedSet {
  const reader = new SetReader(set);
  const { count } = reader;
  const numbers = new Set<number>();
  for (let left = count; left > 0; left--) numbers.add(reader.next());
  reader.end();
  return { count, has: (element) => numbers.has(hashInto(key, element, count)) };
}

/** Reads the numbers of an encoded set one after the other. */
class SetReader {
  /** How many there are: no more than the bytes can hold. */
  readonly count: number;
  readonly #bytes: Uint8Array;
  #offset: number;
  #value = 0;
  /** The lowest `#length` of these have been taken from the bytes, and not yet been read. */
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

  /** Throws unless nothing is left but the zeroes that fill the last byte. */
  end(): void {
    const left = this.#bytes.length - this.#offset;
    if (left > 0) throw new DecodeError('trailing-bytes', this.#offset, `${left} bytes left after the set`);
    if (this.#read(this.#length) !== 0)
      throw new DecodeError('invalid', this.#offset, 'the last byte is not filled with zeroes');
  }

  /** At most 24 bits, the first of them the highest. */
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
