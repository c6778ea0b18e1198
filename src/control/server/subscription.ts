import type { EventType } from '../protocol/events.ts';
import type { ControlChannel } from '../protocol/messages.ts';
import type { EventSource } from './event-source.ts';

/** Characters of events in one notification, about. */
const BATCH_LENGTH = 64 << 10;
/** Events that one look skips at most, before other work is done. */
const MAX_SKIPPED = 20_000;

/** What a subscription asks for. */
export interface SubscriptionOptions {
  readonly id: string;
  readonly types: ReadonlySet<EventType>;
  /** The last number that the client has. */
  readonly after: number;
}

/**
 * Sends the events of some types to a client, at the client's pace: the next batch once the one before has left. A client
 * that is slower than the network for so long that the log drops events is told their numbers.
 */
export class Subscription {
  readonly #channel: ControlChannel;
  readonly #source: EventSource;
  readonly #options: SubscriptionOptions;
  readonly #offs: (() => void)[];
  /** The last number that was sent or skipped. */
  #at: number;
  /** Numbers that the log no longer had, and the client has not been told. */
  #lost: { from: number; to: number } | undefined;
  #isSending = false;
  #isOver = false;

  constructor(channel: ControlChannel, source: EventSource, options: SubscriptionOptions) {
    this.#channel = channel;
    this.#source = source;
    this.#options = options;
    this.#at = options.after;
    this.#offs = [source.follow(options.types), source.log.onAdded(() => this.#sendSoon())];
    // After the response that names the subscription.
    this.#sendSoon();
  }

  /** Sends nothing more. */
  end(): void {
    this.#isOver = true;
    for (const off of this.#offs) off();
  }

  /** Sends what there is in a moment, with what happens until then. */
  #sendSoon(): void {
    if (this.#isSending || this.#isOver) return;
    this.#isSending = true;
    setTimeout(() => this.#send(), 0);
  }

  #send(): void {
    if (this.#isOver) return;
    const texts = this.#next();
    if (texts.length === 0 && !this.#lost) {
      this.#isSending = false;
      if (this.#at < this.#source.log.last) this.#sendSoon();
      return;
    }
    const lost = this.#lost ? `,"lost":${JSON.stringify(this.#lost)}` : '';
    this.#lost = undefined;
    const params = `{"subscription":${JSON.stringify(this.#options.id)},"events":[${texts.join(',')}]${lost}}`;
    this.#channel.send(`{"jsonrpc":"2.0","method":"events","params":${params}}`, () => this.#send());
  }

  /** Returns the JSON of the next events, as many as make a batch. */
  #next(): string[] {
    const { log } = this.#source;
    if (this.#at + 1 < log.first) {
      this.#lost = { from: this.#lost?.from ?? this.#at + 1, to: log.first - 1 };
      this.#at = log.first - 1;
    }
    const texts: string[] = [];
    let length = 0;
    for (let skipped = 0; this.#at < log.last && length < BATCH_LENGTH && skipped < MAX_SKIPPED; ) {
      const { type, text } = log.get(++this.#at)!;
      if (type === 'lost' || this.#options.types.has(type)) {
        texts.push(text);
        length += text.length;
      } else {
        skipped++;
      }
    }
    return texts;
  }
}
