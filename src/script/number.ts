import { PierError } from '../platform/errors.ts';

/** The two booleans that scripts make. Stack elements are never written to, so these are shared. */
export const FALSE: Uint8Array = new Uint8Array(0);
export const TRUE: Uint8Array = Uint8Array.of(1);

/** A stack element that should be a number and is none; one object, as it carries nothing but itself. */
export const scriptNumberError = new PierError('script-number', 'script number overflowed or is not minimal');

/** Whether the element counts as true: any byte set, negative zero excepted (Core: CastToBool). */
export function castToBool(element: Uint8Array): boolean {
  const last = element.length - 1;
  for (let i = 0; i < last; i++) if (element[i] !== 0) return true;
  return last >= 0 && element[last] !== 0 && element[last] !== 0x80;
}

/**
 * The number in a stack element: little-endian, the top bit being the sign. At most `maxSize` bytes (4, or 5 for the
 * lock time opcodes), so that it fits a double. Throws `scriptNumberError` where it is longer, or with
 * `requireMinimal` where a shorter form exists.
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

/** The minimal element for a safe integer (Core: CScriptNum::serialize). */
export function encodeScriptNumber(value: number): Uint8Array {
  if (value >= 0 && value < small.length) return small[value]!;
  const magnitude = Math.abs(value);
  // One bit more than the magnitude has, for the sign.
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

/** The numbers that scripts make most. */
const small: readonly Uint8Array[] = Array.from({ length: 128 }, (_, n) => (n === 0 ? FALSE : Uint8Array.of(n)));
