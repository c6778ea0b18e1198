import { DecodeError } from '../../src/bytes/errors.ts';
import { toHex } from '../../src/bytes/hex.ts';

// Every decoder either returns a value that encodes to exactly the bytes it was given, or throws a `DecodeError`.

/** Returns the decoded value, or undefined after a `DecodeError`. Any other error is rethrown with the bytes. */
export function tryDecode<T>(decode: (bytes: Uint8Array) => T, bytes: Uint8Array): T | undefined {
  const { stackTraceLimit } = Error;
  // A stack trace costs ten times as much as decoding, and these traces are not used.
  Error.stackTraceLimit = 0;
  try {
    return decode(bytes);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw new Error(`${String(error)}, from ${toHex(bytes.subarray(0, 1000))}`, { cause: error });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** A decoder, and an encoder that uses only the value's fields, not a cached encoding. */
export interface Codec<T> {
  decode(bytes: Uint8Array): T;
  encode(value: T): Uint8Array;
}

/** Returns whether the bytes decode. Throws if the decoded value encodes to other bytes. */
export function roundTrips<T>({ decode, encode }: Codec<T>, bytes: Uint8Array): boolean {
  const value = tryDecode(decode, bytes);
  if (value === undefined) return false;
  const again = encode(value);
  if (Buffer.compare(again, bytes) === 0) return true;
  throw new Error(`decoded, but re-encoded to ${toHex(again)} instead of ${toHex(bytes)}`);
}

/** Returns a copy with one bit flipped. */
export function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = Uint8Array.from(bytes);
  flipped[bit >> 3]! ^= 1 << (bit & 7);
  return flipped;
}

/** Returns how many proper prefixes of the bytes decode. */
export function countTruncations<T>(codec: Codec<T>, bytes: Uint8Array): number {
  let held = 0;
  for (let length = 0; length < bytes.length; length++) held += Number(roundTrips(codec, bytes.subarray(0, length)));
  return held;
}

/** Returns how many of the single-bit flips of the bytes decode. */
export function countFlips<T>(codec: Codec<T>, bytes: Uint8Array): number {
  let held = 0;
  for (let bit = 0; bit < bytes.length * 8; bit++) held += Number(roundTrips(codec, flipBit(bytes, bit)));
  return held;
}

/** Compact sizes that exceed any possible content or that are not minimally encoded. */
export const hostileCounts: readonly Uint8Array[] = [
  'fdffff',
  'fe00000100',
  'feffffff01', // just below Core's MAX_SIZE
  'fe00000002', // MAX_SIZE
  'fe01000002',
  'feffffffff',
  'ff0000000001000000',
  'ffffffffffffffffff',
  'fd0000',
  'fdfc00',
  'fe00000000',
  'feffff0000',
  'ff0000000000000000',
  'ffffffffff00000000',
].map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')));
