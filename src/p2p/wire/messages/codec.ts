import { DecodeError } from '../../../bytes/errors.ts';
import type { ByteReader } from '../../../bytes/reader.ts';

/** Encodes and decodes the payload of one command. */
export interface MessageCodec<Command extends string, Message> {
  readonly command: Command;
  /** Encodes a message's payload. */
  encode(message: Message): Uint8Array;
  /**
   * Decodes a payload; the result may be a view of it. Trailing bytes are ignored, so that newer protocol versions can
   * append fields. Throws `DecodeError`.
   */
  decode(payload: Uint8Array): Message;
}

/** Thrown for a list longer than the protocol allows. Some commands have a penalty for it (`overlongListPenalties`). */
export class OverlongList extends DecodeError {
  constructor(offset: number, count: number, max: number) {
    super('oversized', offset, `${count} list entries, at most ${max} allowed`);
  }
}

/** Reads a list. As in Core, reads all entries before it throws `OverlongList` for more than `max` of them. */
export function readList<T>(reader: ByteReader, readItem: (reader: ByteReader) => T, max: number): T[] {
  const start = reader.offset;
  const count = reader.compactSize();
  const items: T[] = [];
  for (let i = 0; i < count; i++) {
    const item = readItem(reader);
    if (i < max) items.push(item);
  }
  if (count > max) throw new OverlongList(start, count, max);
  return items;
}
