export { compareBytes, concatBytes, equalBytes } from './compare.ts';
export { DecodeError, type DecodeErrorCode } from './errors.ts';
export { fromHex, fromReversedHex, toHex, toReversedHex } from './hex.ts';
export { ByteReader, MAX_SIZE } from './reader.ts';
export { ByteWriter, compactSizeLength } from './writer.ts';
