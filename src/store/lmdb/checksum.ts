import { crc32 as nativeCrc32 } from 'node:zlib';

/** Bytes up to which the loop in JavaScript is faster than a call of zlib. */
const SHORT = 128;

/** Bytes that a checksum takes at the end of a stored value. */
export const CHECKSUM_LENGTH = 4;

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb8_8320 : value >>> 1;
  return value;
});

/** Returns the CRC-32 (that of zlib) of `bytes[from, to)`, which continues the checksum `sum` of the bytes before. */
export function crc32(bytes: Uint8Array, from: number, to: number, sum = 0): number {
  if (to - from > SHORT) return nativeCrc32(bytes.subarray(from, to), sum);
  let value = ~sum;
  for (let i = from; i < to; i++) value = (value >>> 8) ^ TABLE[(value ^ bytes[i]!) & 0xff]!;
  return ~value >>> 0;
}

/** Returns the value with the checksum of key and value behind it (little-endian), as it is stored. */
export function seal(key: Uint8Array, value: Uint8Array): Uint8Array {
  const { length } = value;
  const sealed = Buffer.allocUnsafe(length + CHECKSUM_LENGTH);
  sealed.set(value);
  sealed.writeUInt32LE(crc32(value, 0, length, crc32(key, 0, key.length)), length);
  return sealed;
}

/** Returns the value of a stored record, a view of `sealed`; undefined if its checksum is wrong. */
export function unseal(key: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  const length = sealed.length - CHECKSUM_LENGTH;
  if (length < 0 || crc32(sealed, 0, length, crc32(key, 0, key.length)) !== readChecksum(sealed, length)) {
    return undefined;
  }
  return new Uint8Array(sealed.buffer, sealed.byteOffset, length);
}

/** Reads the checksum at `offset`. */
export function readChecksum(bytes: Uint8Array, offset: number): number {
  const low = bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16);
  return (low | (bytes[offset + 3]! << 24)) >>> 0;
}
