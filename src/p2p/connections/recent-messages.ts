/** Bytes of payloads that are kept, and of one of them. */
const MAX_BYTES = 1 << 20;
const MAX_PAYLOAD = 1 << 16;
/** What a message costs besides its payload. */
const OVERHEAD = 200;

/** A message that was sent or received a short while ago. */
export interface RecentMessage {
  readonly command: string;
  /** The payload, or the first 64 KiB of a longer one. */
  readonly payload: Uint8Array;
  /** Bytes of the whole payload. */
  readonly size: number;
}

/** The last messages that a node has reported to followers, up to a mebibyte of them. */
export class RecentMessages {
  readonly #messages = new Map<number, RecentMessage>();
  #next: number;
  #bytes = 0;

  /** `first` is the number of the first message. */
  constructor(first: number) {
    this.#next = first;
  }

  /** Keeps a copy of a message, and returns its number. */
  add(command: string, payload: Uint8Array): number {
    const message = { command, payload: payload.slice(0, MAX_PAYLOAD), size: payload.length };
    this.#messages.set(this.#next, message);
    this.#bytes += costOf(message);
    for (const [number, oldest] of this.#messages) {
      if (this.#bytes <= MAX_BYTES) break;
      this.#messages.delete(number);
      this.#bytes -= costOf(oldest);
    }
    return this.#next++;
  }

  /** Returns a message by its number; undefined if it is not kept any more. */
  get(number: number): RecentMessage | undefined {
    return this.#messages.get(number);
  }
}

function costOf({ payload }: RecentMessage): number {
  return payload.length + OVERHEAD;
}
