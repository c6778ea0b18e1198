import { isCommand } from '../wire/messages/index.ts';

export type Direction = 'sent' | 'received';

/** Where the bytes of unknown commands are counted, so that a peer cannot fill the table (Core's name). */
const OTHER = '*other*';

class Counter {
  /** What is no message, such as v2's keys and garbage, is among them. */
  bytes = 0;
  /** Milliseconds since the Unix epoch; undefined before the first byte. */
  last: number | undefined;
  /** Bytes of messages. */
  readonly perCommand = new Map<string, number>();
}

/** What has gone over one connection, in bytes on the wire. */
export class Traffic {
  readonly sent = new Counter();
  readonly received = new Counter();

  /** Counts bytes as they come or go. */
  moved(direction: Direction, bytes: number, now: number): void {
    this[direction].bytes += bytes;
    this[direction].last = now;
  }

  /** Counts a whole message, whose bytes have been counted. Returns the name under which it was. */
  count(direction: Direction, command: string, bytes: number): string {
    const { perCommand } = this[direction];
    const name = isCommand(command) ? command : OTHER;
    perCommand.set(name, (perCommand.get(name) ?? 0) + bytes);
    return name;
  }
}
