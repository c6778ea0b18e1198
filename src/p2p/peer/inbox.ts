import type { RawMessage } from '../transport/framing.ts';

/** Bytes of queued messages above which the connection is not read (Core: -maxreceivebuffer). */
const INBOX_LIMIT = 5_000_000;
/** Bytes a queued message is charged besides its payload. */
const MESSAGE_OVERHEAD = 256;

/** Callbacks of an `Inbox`. */
export interface InboxHooks {
  /** Returns whether the next message may be handled now. If it returns false, the callee must call `pump()` later. */
  mayHandle(): boolean;
  /** The handler threw, or its promise was rejected. */
  failed(error: unknown): void;
  /** Called when the queue becomes full, and when it no longer is. */
  full(full: boolean): void;
}

/**
 * A queue of received messages (Core: vProcessMsg). A message is handled once the promise that the handler returned
 * for the previous one has settled. The connection is read meanwhile, up to `INBOX_LIMIT`; two nodes that both
 * stopped reading would deadlock.
 */
export class Inbox {
  readonly #handle: (message: RawMessage) => void | Promise<void>;
  readonly #hooks: InboxHooks;
  #messages: (RawMessage | undefined)[] = [];
  /** Index of the first message in `#messages`. */
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

  /** Handles messages while `mayHandle` returns true. */
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

  /**
   * Removes the first message. Compacts the array once half of it is used up, so that the amortized cost is constant.
   */
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
    // Set before the handler runs, since a handler may cause a nested `pump`.
    this.#busy = true;
    const pending = this.#attempt(message);
    if (pending) void pending.catch((error: unknown) => this.#hooks.failed(error)).then(() => this.#resume());
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
