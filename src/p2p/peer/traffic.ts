import { isCommand } from '../wire/messages/index.ts';

/** The direction of a message, from our point of view. */
export type Direction = 'sent' | 'received';

/**
 * Key under which bytes of unknown commands are counted, so that a peer cannot grow the table
 * (Core: NET_MESSAGE_TYPE_OTHER).
 */
const OTHER = '*other*';

/** Counts the bytes of one direction. */
export class TrafficCounter {
  /** All bytes, including those outside messages, such as v2's keys and garbage. */
  bytes = 0;
  /** Milliseconds since the Unix epoch; undefined before the first byte. */
  last: number | undefined;
  /** Number of messages. The n-th that one end has sent is the n-th that the other receives. */
  messages = 0;
  /** Bytes of messages, by command. */
  readonly perCommand = new Map<string, number>();
}

/** Counts the bytes on the wire of one connection. */
export class Traffic {
  readonly sent = new TrafficCounter();
  readonly received = new TrafficCounter();

  /** Counts bytes as they are sent or received. */
  moved(direction: Direction, bytes: number, now: number): void {
    this[direction].bytes += bytes;
    this[direction].last = now;
  }

  /**
   * Counts a complete message by command; `moved` has counted its bytes already. Returns the key it was counted under.
   */
  count(direction: Direction, command: string, bytes: number): string {
    const counter = this[direction];
    counter.messages++;
    const { perCommand } = counter;
    const name = isCommand(command) ? command : OTHER;
    perCommand.set(name, (perCommand.get(name) ?? 0) + bytes);
    return name;
  }
}
