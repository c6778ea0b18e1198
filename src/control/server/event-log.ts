import type { ControlEvent, LoggedEvent } from '../protocol/events.ts';

/** Events that are kept for readers which are slow, or come back. */
const MAX_EVENTS = 200_000;
/** Characters of JSON of these events. */
const MAX_LENGTH = 32 << 20;

/** An event as it is kept. */
interface KeptEvent {
  readonly type: LoggedEvent['type'];
  /** Its JSON. */
  readonly text: string;
}

/** How much an `EventLog` keeps. */
export interface EventLogOptions {
  readonly maxEvents?: number;
  readonly maxLength?: number;
}

/** The last events of a network, numbered from 1, in a ring: its size does not depend on how slow readers are. */
export class EventLog {
  readonly #maxEvents: number;
  readonly #maxLength: number;
  /** The event number `n` is at `n % #maxEvents`. */
  readonly #ring: (KeptEvent | undefined)[] = [];
  /** Number of the oldest event kept. */
  #first = 1;
  /** Number of the newest event. */
  #last = 0;
  #length = 0;
  readonly #listeners = new Set<() => void>();

  constructor({ maxEvents = MAX_EVENTS, maxLength = MAX_LENGTH }: EventLogOptions = {}) {
    this.#maxEvents = maxEvents;
    this.#maxLength = maxLength;
  }

  /** Number of the newest event; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /** Number of the oldest event kept. */
  get first(): number {
    return this.#first;
  }

  /** Adds an event. `time`: milliseconds since the Unix epoch; a log line has its own. */
  add(event: LoggedEvent, time: number): void {
    const number = this.#last + 1;
    const text = JSON.stringify({ number, time, ...event } satisfies ControlEvent);
    while (this.#first <= this.#last && !this.#hasRoom(text.length)) this.#dropOldest();
    this.#ring[number % this.#maxEvents] = { type: event.type, text };
    this.#length += text.length;
    this.#last = number;
    for (const listener of this.#listeners) listener();
  }

  #hasRoom(length: number): boolean {
    return this.#last - this.#first + 1 < this.#maxEvents && this.#length + length <= this.#maxLength;
  }

  #dropOldest(): void {
    const at = this.#first++ % this.#maxEvents;
    this.#length -= this.#ring[at]!.text.length;
    this.#ring[at] = undefined;
  }

  /** Returns the event with a number; undefined if it is not kept, or has not happened. */
  get(number: number): KeptEvent | undefined {
    return number < this.#first || number > this.#last ? undefined : this.#ring[number % this.#maxEvents];
  }

  /** Calls `listener` after each new event. Returns a function that unsubscribes. */
  onAdded(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
