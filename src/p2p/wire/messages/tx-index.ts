import { DecodeError } from '../../../bytes/errors.ts';
import type { ByteReader } from '../../../bytes/reader.ts';
import type { ByteWriter } from '../../../bytes/writer.ts';

/** BIP152's indexes of transactions have 16 bits. */
export const MAX_TX_INDEX = 0xffff;

/** Reads an index that is told as the number of those between it and the one before; -1 is before the first. */
export function readIndexStep(reader: ByteReader, before: number): number {
  const start = reader.offset;
  const skipped = reader.compactNumber();
  if (skipped > MAX_TX_INDEX) throw new DecodeError('invalid', start, `a step of ${skipped} between indexes`);
  return before + skipped + 1;
}

export function writeIndexStep(writer: ByteWriter, before: number, index: number): void {
  writer.compactSize(index - before - 1);
}
