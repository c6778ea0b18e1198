import { DecodeError } from './errors.ts';
import { nodeBuffer } from './node-buffer.ts';

const digits: string[] = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

/** Returns lower-case hex in the order of the bytes. */
export function toHex(bytes: Uint8Array): string {
  // Native code: joining digits puts so much load on the garbage collector that a large block would take seconds.
  if (nodeBuffer) return nodeBuffer.hexSlice.call(bytes, 0, bytes.length);
  let out = '';
  for (let i = 0; i < bytes.length; i++) out += digits[bytes[i]!];
  return out;
}

/**
 * Returns lower-case hex of the reversed bytes: the display form of block hashes, txids and wtxids.
 *
 * @example
 * ```ts
 * import { fromReversedHex, toReversedHex } from 'pier/bytes';
 * import { regtest } from 'pier/consensus';
 *
 * const { hash } = regtest.genesis;
 * console.log(toReversedHex(hash)); // 0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206
 * console.log(fromReversedHex(toReversedHex(hash))[0] === hash[0]); // true
 * ```
 */
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

/** Decodes hex of either case. Throws `DecodeError` on an odd length or a character that is not a hex digit. */
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

/** Decodes a hash in display form to internal byte order. Throws `DecodeError` as `fromHex` does. */
export function fromReversedHex(hex: string): Uint8Array {
  return fromHex(hex).reverse();
}
