import { DecodeError } from '../../../bytes/errors.ts';
import { ReadSteps } from '../../../bytes/read-steps.ts';
import { ByteReader } from '../../../bytes/reader.ts';
import { atOnce } from '../../../platform/slices.ts';

/** Encodes and decodes the payload of one command. */
export interface MessageCodec<Command extends string, Message> {
  readonly command: Command;
  /** Whether what is kept of a decoded message is copied, so that the payload's memory can be used again. */
  readonly isTransient?: boolean;
  /** Encodes a message's payload. */
  encode(message: Message): Uint8Array;
  /**
   * Decodes a payload; the result may be a view of it. Trailing bytes are ignored, so that newer protocol versions can
   * append fields. Throws `DecodeError`.
   */
  decode(payload: Uint8Array): Message;
  /** Does the same in steps, for messages that may be long. */
  decodeInSteps?(payload: Uint8Array): Generator<void, Message, void>;
}

/** Returns the `decode` and `decodeInSteps` of messages that may be long. */
export function steppedDecoding<Message>(
  decodeInSteps: (reader: ByteReader) => Generator<void, Message, void>,
): Pick<Required<MessageCodec<string, Message>>, 'decode' | 'decodeInSteps'> {
  return {
    decode: (payload) => atOnce(decodeInSteps(new ByteReader(payload))),
    decodeInSteps: (payload) => decodeInSteps(new ByteReader(payload)),
  };
}

/** Thrown for a list longer than the protocol allows. Some commands have a penalty for it (`overlongListPenalties`). */
export class OverlongList extends DecodeError {
  constructor(offset: number, count: number, max: number) {
    super('oversized', offset, `${count} list entries, at most ${max} allowed`);
  }
}

/** Reads a list in steps. As in Core, reads all entries before it throws `OverlongList` for more than `max` of them. */
export function* readListInSteps<T>(
  reader: ByteReader,
  readItem: (reader: ByteReader) => T,
  max: number,
): Generator<void, T[], void> {
  const start = reader.offset;
  const count = reader.compactSize();
  const items: T[] = [];
  const steps = new ReadSteps(reader);
  for (let i = 0; i < count; i++) {
    const item = readItem(reader);
    if (i < max) items.push(item);
    if (steps.isOver()) yield;
  }
  if (count > max) throw new OverlongList(start, count, max);
  return items;
}
