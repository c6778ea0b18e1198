import type { RawMessage } from '../transport/framing.ts';

/** With more bytes than this waiting, the connection is not read (Core: -maxreceivebuffer). */
const INBOX_LIMIT = 5_000_000;
/** What a waiting message costs beyond its payload. */
const MESSAGE_OVERHEAD = 256;

export interface InboxHooks {
  /** Whether the next message may be handled now. Who says no calls `pump` later. */
  mayHandle(): boolean;
  /** The handler threw, or its promise was rejected. */
  failed(error: unknown): void;
  /** Whether too much is waiting has changed. */
  full(full: boolean): void;
}

/**
 * Received messages, handled one after the other: the next one only when the promise of the one before, if it returned
 * one, has settled. Reading goes on meanwhile, up to a limit: two nodes that each wait for the other to read would
 * wait for ever.
 */
export class Inbox {
  readonly #handle: (message: RawMessage) => void | Promise<void>;
  readonly #hooks: InboxHooks;
  #messages: (RawMessage | undefined)[] = [];
  /** Where the first one waits in `#messages`. */
  #head = 0;
  #cost = 0;
  #busy = false;
  #full = false;

  constructor(handle: (message: RawMessage) => void | Promise<void>, hooks: InboxHooks) {
    this.#handle = handle;
    this.#hooks = hooks;
  }

  push(message: RawMessage): void {
    this.#messages.push(message);
    this.#cost += message.size + MESSAGE_OVERHEAD;
  }

  clear(): void {
    this.#messages = [];
    this.#head = 0;
    this.#cost = 0;
  }

  /** Handles what may be handled. */
  pump(): void {
    while (!this.#busy && this.#head < this.#messages.length && this.#hooks.mayHandle()) {
      this.#run(this.#shift());
    }
    const full = this.#cost > INBOX_LIMIT;
    if (full !== this.#full) {
      this.#full = full;
      this.#hooks.full(full);
    }
  }

  /** Takes the first one; the array is moved up only now and then. */
  #shift(): RawMessage {
    const message = this.#messages[this.#head]!;
    this.#messages[this.#head++] = undefined;
    this.#cost -= message.size + MESSAGE_OVERHEAD;
    if (this.#head * 2 > this.#messages.length) {
      this.#messages.splice(0, this.#head);
      this.#head = 0;
    }
    return message;
  }

  #run(message: RawMessage): void {
    // Busy while it runs, too: a handler may cause another call of `pump`.
    this.#busy = true;
    const pending = this.#attempt(message);
    if (pending) pending.catch((error: unknown) => this.#hooks.failed(error)).then(() => this.#resume());
    else this.#busy = false;
  }

  #attempt(message: RawMessage): void | Promise<void> {
    try {
      return this.#handle(message);
    } catch (error) {
      this.#hooks.failed(error);
    }
  }

  #resume(): void {
    this.#busy = false;
    this.pump();
  }
}
