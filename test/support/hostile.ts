import { DecodeError } from '../../src/bytes/errors.ts';
import { toHex } from '../../src/bytes/hex.ts';

// What every decoder owes to whoever sends it bytes: a value that is encoded to exactly these, or a `DecodeError`.

/** The value, or undefined where decoding throws `DecodeError`. Anything else that it throws is thrown on. */
export function tryDecode<T>(decode: (bytes: Uint8Array) => T, bytes: Uint8Array): T | undefined {
  const { stackTraceLimit } = Error;
  // A stack trace costs ten times what decoding does, and nobody looks at these.
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

/** A decoder, and an encoder that works from the value alone, not from bytes that the value may have kept. */
export interface Codec<T> {
  decode(bytes: Uint8Array): T;
  encode(value: T): Uint8Array;
}

/** Whether the bytes are decoded at all; throws if they are, but encoded to others. */
export function roundTrips<T>({ decode, encode }: Codec<T>, bytes: Uint8Array): boolean {
  const value = tryDecode(decode, bytes);
  if (value === undefined) return false;
  const again = encode(value);
  if (Buffer.compare(again, bytes) === 0) return true;
  throw new Error(`decoded, but encoded to ${toHex(again)} instead of ${toHex(bytes)}`);
}

/** The same bytes with one bit the other way. */
export function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = Uint8Array.from(bytes);
  flipped[bit >> 3]! ^= 1 << (bit & 7);
  return flipped;
}

/** How many of all shorter beginnings are decoded. */
export function countTruncations<T>(codec: Codec<T>, bytes: Uint8Array): number {
  let held = 0;
  for (let length = 0; length < bytes.length; length++) held += Number(roundTrips(codec, bytes.subarray(0, length)));
  return held;
}

/** How many of all single flipped bits give something that is decoded. */
export function countFlips<T>(codec: Codec<T>, bytes: Uint8Array): number {
  let held = 0;
  for (let bit = 0; bit < bytes.length * 8; bit++) held += Number(roundTrips(codec, flipBit(bytes, bit)));
  return held;
}

/** Compact sizes that announce more than can follow, or that no encoder writes. */
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
