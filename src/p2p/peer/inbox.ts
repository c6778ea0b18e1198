import type { RawMessage } from '../transport/framing.ts';
import { type Handling, isWork, type Work } from './work.ts';

/** Bytes a queued message is charged besides its payload. */
const MESSAGE_OVERHEAD = 256;

/** Callbacks of an `Inbox`. */
export interface InboxHooks {
  /** Handles a message. */
  handle(message: RawMessage): Handling;
  /** A step is charged as so many milliseconds. */
  charged(ms: number): void;
  /** The handler threw, or its promise was rejected. */
  failed(error: unknown): void;
  /** An awaited promise has settled, so `step` may be called again. */
  resumed(): void;
}

/** A queue of received messages (Core: m_msg_process_queue). Each is handled once the previous one is done. */
export class Inbox {
  readonly #hooks: InboxHooks;
  #messages: (RawMessage | Work | undefined)[] = [];
  /** Index of the first message in `#messages`. */
  #head = 0;
  #cost = 0;
  /** The message that is being handled. */
  #current: RawMessage | undefined;
  /** The unfinished work of the current message. */
  #work: Work | undefined;
  /** Whether a promise is awaited. */
  #isWaiting = false;
  #isStepping = false;

  constructor(hooks: InboxHooks) {
    this.#hooks = hooks;
  }

  /** Bytes charged for the queued messages. */
  get cost(): number {
    return this.#cost;
  }

  /** Whether the current message waits for a promise. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** Adds a message, or work that is to be done after the messages before it. */
  push(message: RawMessage | Work): void {
    this.#messages.push(message);
    this.#cost += costOf(message);
  }

  /** Drops the queued messages, and abandons the current message's work. */
  clear(): void {
    for (const message of this.#messages) if (message && !isWork(message)) message.release?.();
    this.#messages = [];
    this.#head = 0;
    this.#cost = 0;
    const work = this.#work;
    this.#work = undefined;
    if (this.#isStepping) return;
    work?.return();
    this.#releaseHandled();
  }

  /** Releases the current message unless it is still used. */
  #releaseHandled(): void {
    if (this.#work || this.#isWaiting) return;
    this.#current?.release?.();
    this.#current = undefined;
  }

  /**
   * Continues the current message's work by one step, or handles the next message. Returns false if it can do neither.
   */
  step(): boolean {
    if (this.#isWaiting) return false;
    if (!this.#work && this.#head >= this.#messages.length) return false;
    this.#isStepping = true;
    if (this.#work) this.#continue(this.#work);
    else this.#begin(this.#shift());
    this.#isStepping = false;
    this.#releaseHandled();
    return true;
  }

  #begin(message: RawMessage | Work): void {
    this.#attempt(() => {
      const handling = isWork(message) ? message : this.#handle(message);
      if (!handling) return;
      if (isWork(handling)) this.#work = handling;
      else this.#await(handling);
    });
  }

  #handle(message: RawMessage): Handling {
    this.#current = message;
    return this.#hooks.handle(message);
  }

  /**
   * Removes the first message. Compacts the array once half of it is used up, so that the amortized cost is constant.
   */
  #shift(): RawMessage | Work {
    const message = this.#messages[this.#head]!;
    this.#messages[this.#head++] = undefined;
    this.#cost -= costOf(message);
    if (this.#head * 2 > this.#messages.length) {
      this.#messages.splice(0, this.#head);
      this.#head = 0;
    }
    return message;
  }

  #continue(work: Work): void {
    this.#attempt(() => {
      const { done, value } = work.next();
      if (done) this.#work = undefined;
      // `clear` was called during the step.
      else if (this.#work !== work) work.return();
      else if (typeof value === 'number') this.#hooks.charged(value);
      else if (value) this.#await(value);
    });
  }

  #await(promise: Promise<void>): void {
    this.#isWaiting = true;
    void promise
      .catch((error: unknown) => this.#hooks.failed(error))
      .then(() => {
        this.#isWaiting = false;
        this.#releaseHandled();
        this.#hooks.resumed();
      });
  }

  #attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#work = undefined;
      this.#hooks.failed(error);
    }
  }
}

function costOf(message: RawMessage | Work): number {
  return MESSAGE_OVERHEAD + ('size' in message ? message.size : 0);
}
