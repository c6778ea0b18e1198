/**
 * Bytes: a reader and a writer of Bitcoin's encodings, hex in both byte orders, and comparisons. Runs in browsers as
 * well.
 *
 * @example
 * ```ts
 * import { ByteReader, ByteWriter, toHex, toReversedHex } from 'pier/bytes';
 *
 * const bytes = new ByteWriter().u32(1).varBytes(Uint8Array.of(0xca, 0xfe)).finish();
 * console.log(toHex(bytes)); // 0100000002cafe
 * const reader = new ByteReader(bytes);
 * console.log(reader.u32()); // 1
 * console.log(toReversedHex(reader.varBytes())); // feca
 * reader.end();
 * ```
 *
 * @module pier/bytes
 * @packageDocumentation
 */

export { compareBytes, concatBytes, equalBytes } from './compare.ts';
export { EncodedList, type List } from './encoded-list.ts';
export { DecodeError, type DecodeErrorCode } from './errors.ts';
export { fromHex, fromReversedHex, toHex, toReversedHex } from './hex.ts';
export { ByteReader, MAX_SIZE } from './reader.ts';
export { ByteWriter, compactSizeLength } from './writer.ts';
