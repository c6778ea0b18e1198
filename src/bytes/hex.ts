import { DecodeError } from './errors.ts';
import { nodeBuffer } from './node-buffer.ts';

const digits: string[] = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

/** Lower-case hex, two digits a byte, in the order of the bytes. */
export function toHex(bytes: Uint8Array): string {
  // Joining digits leaves so much to the garbage collector that a large block would take seconds.
  if (nodeBuffer) return nodeBuffer.hexSlice.call(bytes, 0, bytes.length);
  let out = '';
  for (let i = 0; i < bytes.length; i++) out += digits[bytes[i]!];
  return out;
}

/** The form in which Bitcoin shows hashes: hex of the bytes in reverse. */
export function toReversedHex(hash: Uint8Array): string {
  let out = '';
  for (let i = hash.length - 1; i >= 0; i--) out += digits[hash[i]!];
  return out;
}

function nibble(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  if (code >= 97 && code <= 102) return code - 87;
  if (code >= 65 && code <= 70) return code - 55;
  return -1;
}

/** Bytes of a hex string of either case. Throws `DecodeError` on an odd length or a character that is no digit. */
export function fromHex(hex: string): Uint8Array {
  if (hex.length % 2 !== 0) throw new DecodeError('invalid', hex.length >> 1, 'hex string of odd length');
  const out = new Uint8Array(hex.length / 2);
  for (let i = 0; i < out.length; i++) {
    const high = nibble(hex.charCodeAt(2 * i));
    const low = nibble(hex.charCodeAt(2 * i + 1));
    if (high < 0 || low < 0) throw new DecodeError('invalid', i, 'not a hex digit');
    out[i] = (high << 4) | low;
  }
  return out;
}

/** Inverse of `toReversedHex`. */
export function fromReversedHex(hex: string): Uint8Array {
  return fromHex(hex).reverse();
}
