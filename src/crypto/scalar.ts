/** The order of secp256k1's group, big-endian. */
const order: Uint8Array = Uint8Array.of(
  ...[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe],
  ...[0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41],
);

/** Half of it, rounded down: a signature's S above this is high. */
const halfOrder: Uint8Array = Uint8Array.of(
  ...[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  ...[0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0],
);

/** Negative, zero or positive: the 32 big-endian bytes at `offset` against those of `other`. */
function compareAt(bytes: Uint8Array, offset: number, other: Uint8Array): number {
  for (let i = 0; i < 32; i++) {
    const difference = bytes[offset + i]! - other[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether the 32 big-endian bytes at `offset` are below the group's order. */
export function isScalar(bytes: Uint8Array, offset: number): boolean {
  return compareAt(bytes, offset, order) < 0;
}

/** Whether the scalar at `offset` is more than half of the group's order. */
export function isHighScalar(bytes: Uint8Array, offset: number): boolean {
  return compareAt(bytes, offset, halfOrder) > 0;
}

export function isZeroScalar(bytes: Uint8Array, offset: number): boolean {
  for (let i = 0; i < 32; i++) if (bytes[offset + i] !== 0) return false;
  return true;
}

/** Replaces the number n at `offset` by order - n, for 0 <= n <= order. */
export function negateScalar(bytes: Uint8Array, offset: number): void {
  let borrow = 0;
  for (let i = 31; i >= 0; i--) {
    const difference = order[i]! - bytes[offset + i]! - borrow;
    bytes[offset + i] = difference & 0xff;
    borrow = difference < 0 ? 1 : 0;
  }
}

/** Takes the order from the number at `offset` once if it is that large: 2^256 is less than twice the order. */
export function reduceScalar(bytes: Uint8Array, offset: number): void {
  if (isScalar(bytes, offset)) return;
  let borrow = 0;
  for (let i = 31; i >= 0; i--) {
    const difference = bytes[offset + i]! - order[i]! - borrow;
    bytes[offset + i] = difference & 0xff;
    borrow = difference < 0 ? 1 : 0;
  }
}
