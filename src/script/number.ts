import { PierError } from '../platform/errors.ts';

/** The stack element for false: empty, and shared, because stack elements are never written to. */
export const FALSE: Uint8Array = new Uint8Array(0);
/** The stack element for true: one byte of 1, shared. */
export const TRUE: Uint8Array = Uint8Array.of(1);

/** Thrown by `decodeScriptNumber`, always this object (Core: scriptnum_error). */
export const scriptNumberError = new PierError('script-number', 'script number overflowed or is not minimal');

/** Returns whether an element is true: not zero and not negative zero, of any length (Core: CastToBool). */
export function castToBool(element: Uint8Array): boolean {
  const last = element.length - 1;
  for (let i = 0; i < last; i++) if (element[i] !== 0) return true;
  return last >= 0 && element[last] !== 0 && element[last] !== 0x80;
}

/**
 * Decodes a stack element as a number: little-endian, with the sign in the top bit (Core: CScriptNum). Throws
 * `scriptNumberError` if it is longer than `maxSize` bytes (4, or 5 for the lock time opcodes), or with
 * `requireMinimal` if a shorter encoding exists.
 */
export function decodeScriptNumber(element: Uint8Array, requireMinimal: boolean, maxSize = 4): number {
  const length = element.length;
  if (length === 0) return 0;
  if (length > maxSize) throw scriptNumberError;
  const top = element[length - 1]!;
  if (requireMinimal && (top & 0x7f) === 0 && ((element[length - 2] ?? 0) & 0x80) === 0) {
    throw scriptNumberError;
  }
  let magnitude = top & 0x7f;
  for (let i = length - 2; i >= 0; i--) magnitude = magnitude * 256 + element[i]!;
  return top & 0x80 ? -magnitude : magnitude;
}

/** Encodes a safe integer minimally as a stack element (Core: CScriptNum::serialize). */
export function encodeScriptNumber(value: number): Uint8Array {
  if (value >= 0 && value < small.length) return small[value]!;
  const magnitude = Math.abs(value);
  // The magnitude, plus one bit for the sign.
  let length = 1;
  for (let bound = 0x80; magnitude >= bound; bound *= 256) length++;
  const element = new Uint8Array(length);
  let rest = magnitude;
  for (let i = 0; i < length; i++) {
    element[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  if (value < 0) element[length - 1]! |= 0x80;
  return element;
}

/** Encodes an integer of any size minimally as a stack element. */
export function encodeScriptBigInt(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value < 0n ? -value : value; rest > 0n; rest >>= 8n) bytes.push(Number(rest & 0xffn));
  if (bytes.length > 0 && bytes.at(-1)! >= 0x80) bytes.push(0);
  if (value < 0n) bytes[bytes.length - 1]! |= 0x80;
  return Uint8Array.from(bytes);
}

/** The elements of the most frequent numbers, shared. */
const small: readonly Uint8Array[] = Array.from({ length: 128 }, (_, n) => (n === 0 ? FALSE : Uint8Array.of(n)));
