import { DecodeError } from '../../../bytes/errors.ts';
import type { ByteReader } from '../../../bytes/reader.ts';
import type { ByteWriter } from '../../../bytes/writer.ts';

/** Largest transaction index in BIP152's messages. */
export const MAX_TX_INDEX = 0xffff;

/** Reads an index encoded as the distance from the previous index `before`, -1 for the first. Throws `DecodeError`. */
export function readIndexStep(reader: ByteReader, before: number): number {
  const start = reader.offset;
  const skipped = reader.compactNumber();
  if (skipped > MAX_TX_INDEX) throw new DecodeError('invalid', start, `index difference ${skipped} out of range`);
  return before + skipped + 1;
}

/** Writes an index in the format of `readIndexStep`. */
export function writeIndexStep(writer: ByteWriter, before: number, index: number): void {
  writer.compactSize(index - before - 1);
}
