/** The order of the secp256k1 group, big-endian. */
const order: Uint8Array = Uint8Array.of(
  ...[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe],
  ...[0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41],
);

/** Half the group order, rounded down: an S above this is high. */
const halfOrder: Uint8Array = Uint8Array.of(
  ...[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  ...[0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0],
);

/** Compares the 32 big-endian bytes at `offset` with `other`; returns a negative number, zero or a positive number. */
function compareAt(bytes: Uint8Array, offset: number, other: Uint8Array): number {
  for (let i = 0; i < 32; i++) {
    const difference = bytes[offset + i]! - other[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Returns whether the 32 big-endian bytes at `offset` are below the group order. */
export function isScalar(bytes: Uint8Array, offset: number): boolean {
  return compareAt(bytes, offset, order) < 0;
}

/** Returns whether the scalar at `offset` is above half the group order. */
export function isHighScalar(bytes: Uint8Array, offset: number): boolean {
  return compareAt(bytes, offset, halfOrder) > 0;
}

/** Returns whether the scalar at `offset` is zero. */
export function isZeroScalar(bytes: Uint8Array, offset: number): boolean {
  for (let i = 0; i < 32; i++) if (bytes[offset + i] !== 0) return false;
  return true;
}

/** Replaces the number n at `offset` (32 big-endian bytes, at most the group order) by order - n, in place. */
export function negateScalar(bytes: Uint8Array, offset: number): void {
  let borrow = 0;
  for (let i = 31; i >= 0; i--) {
    const difference = order[i]! - bytes[offset + i]! - borrow;
    bytes[offset + i] = difference & 0xff;
    borrow = difference < 0 ? 1 : 0;
  }
}

/** Reduces the 32 big-endian bytes at `offset` modulo the group order, in place. */
export function reduceScalar(bytes: Uint8Array, offset: number): void {
  if (isScalar(bytes, offset)) return;
  // One subtraction is enough: 2^256 is less than twice the order.
  let borrow = 0;
  for (let i = 31; i >= 0; i--) {
    const difference = bytes[offset + i]! - order[i]! - borrow;
    bytes[offset + i] = difference & 0xff;
    borrow = difference < 0 ? 1 : 0;
  }
}
