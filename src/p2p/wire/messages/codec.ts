import { DecodeError } from '../../../bytes/errors.ts';
import type { ByteReader } from '../../../bytes/reader.ts';

/** How one command's payload is written and read. */
export interface MessageCodec<Command extends string, Message> {
  readonly command: Command;
  encode(message: Message): Uint8Array;
  /**
   * Reads a payload; the result may be a view of it. Throws `DecodeError`. Bytes behind what is known are left unread:
   * that is how the protocol has grown.
   */
  decode(payload: Uint8Array): Message;
}

/** The content of a message that says all by its command. */
export type EmptyMessage = Record<string, never>;

const NOTHING = new Uint8Array(0);

/** The codec of a command without payload. */
export function emptyCodec<Command extends string>(command: Command): MessageCodec<Command, EmptyMessage> {
  return { command, encode: () => NOTHING, decode: () => ({}) };
}

/** A list that is longer than the protocol allows. Unlike bytes that make no sense, this is held against the sender. */
export class OverlongList extends DecodeError {
  constructor(offset: number, count: number, max: number) {
    super('oversized', offset, `a list of ${count}, of at most ${max}`);
  }
}

/** Reads a list. Throws `OverlongList` where, as Core has it, all of a list that is too long is there to be read. */
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
