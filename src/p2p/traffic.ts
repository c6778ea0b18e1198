import { isCommand } from './messages/index.ts';

export type Direction = 'sent' | 'received';

/** Where the bytes of unknown commands are counted, so that a peer cannot fill the table (Core's name). */
const OTHER = '*other*';

class Counter {
  bytes = 0;
  /** Milliseconds since the Unix epoch; undefined before the first message. */
  last: number | undefined;
  readonly perCommand = new Map<string, number>();
}

/** What has gone over one connection, in bytes on the wire. */
export class Traffic {
  readonly sent = new Counter();
  readonly received = new Counter();

  /** Returns the name under which the message was counted. */
  count(direction: Direction, command: string, bytes: number, now: number): string {
    const counter = this[direction];
    const name = isCommand(command) ? command : OTHER;
    counter.bytes += bytes;
    counter.last = now;
    counter.perCommand.set(name, (counter.perCommand.get(name) ?? 0) + bytes);
    return name;
  }
}
