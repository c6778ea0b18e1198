import { PierError } from '../../platform/errors.ts';
import type { ControlEvent, EventType } from '../protocol/events.ts';
import type { ControlChannel, RpcFailure } from '../protocol/messages.ts';
import type { MethodName, ParamsOf, ResultOf } from '../protocol/methods.ts';

/** A method that is not one of subscriptions: `ControlClient.events` runs those. */
export type CallableMethod = Exclude<MethodName, 'subscribe' | 'unsubscribe'>;

/** What a client reads of events. */
export interface ControlEventsOptions {
  /** Default: all but `message`, `wallet` and `log`. */
  readonly types?: readonly EventType[];
  /** Continues after the last number that an earlier client has read, of the server that it read from. */
  readonly after?: { readonly server: string; readonly number: number };
}

/** Events of a network, in the order of their numbers. */
export interface ControlEvents extends AsyncIterable<ControlEvent | LostEvents> {
  /** Names the run of the server, for `after`. */
  readonly server: string;
  /** The last number when the subscription began. */
  readonly number: number;
  /** Iterates over the events as they arrive, many at a time. A batch is read once the next one is asked for. */
  batches(): AsyncIterable<readonly (ControlEvent | LostEvents)[]>;
  /** Ends the subscription, and the iteration. */
  close(): Promise<void>;
}

/** Numbers of events that the client was too slow for, or away too long. */
export interface LostEvents {
  readonly type: 'gap';
  readonly from: number;
  readonly to: number;
}

interface EventsParams {
  readonly subscription: string;
  readonly events: readonly ControlEvent[];
  readonly lost?: { readonly from: number; readonly to: number };
}

/**
 * Characters of events that wait to be read above which the connection is closed: a reader that forgets to read must not fill
 * memory.
 */
const MAX_UNREAD = 64 << 20;

/** A notification that has arrived. */
interface Batch {
  readonly params: EventsParams;
  /** Characters of its JSON. */
  readonly length: number;
  /** Is called once its events are read. */
  taken(): void;
}

/** A client of a network's control server, over any channel. */
export class ControlClient {
  readonly #channel: ControlChannel;
  readonly #pending = new Map<number, { resolve(result: unknown): void; reject(error: unknown): void }>();
  readonly #readers = new Map<string, EventReader>();
  /** Notifications that came before the response which names their subscription. */
  #early: Batch[] = [];
  /** Subscriptions whose responses have not come. */
  #subscribing = 0;
  #lastId = 0;
  #isClosed = false;
  readonly #closed: Promise<void>;

  constructor(channel: ControlChannel) {
    this.#channel = channel;
    channel.onMessage((text, taken) => this.#received(text, taken));
    this.#closed = new Promise((resolve) => {
      channel.onClose(() => {
        this.#end();
        resolve();
      });
    });
  }

  /** Resolves when the connection has ended. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  /** Calls a method. Rejects with `PierError` as the network does, and 'disconnected' if the connection ends. */
  call<M extends CallableMethod>(method: M, params: ParamsOf<M> = {} as ParamsOf<M>): Promise<ResultOf<M>> {
    return this.#request(method, params);
  }

  #request<M extends MethodName>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>> {
    if (this.#isClosed) return Promise.reject(disconnected());
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.#channel.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  }

  /** Subscribes to events. The iteration throws `PierError` 'disconnected' if the connection ends. */
  async events({ types, after }: ControlEventsOptions = {}): Promise<ControlEvents> {
    this.#subscribing++;
    const { subscription, server, number } = await this.#request('subscribe', {
      ...(types ? { types: [...types] } : {}),
      ...(after ? { after: after.number, server: after.server } : {}),
    }).finally(() => {
      this.#subscribing--;
    });
    const reader = new EventReader(server, number, async () => {
      this.#readers.delete(subscription);
      await this.#request('unsubscribe', { subscription }).catch((error: unknown) => {
        // It ends with the connection, too.
        if (!this.#isClosed) throw error;
      });
    });
    this.#readers.set(subscription, reader);
    const early = this.#early;
    this.#early = [];
    for (const batch of early) this.#pass(batch);
    if (this.#isClosed) reader.fail(disconnected());
    return reader;
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    this.#channel.close();
    await this.#closed;
  }

  /** Calls `close`, at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #received(text: string, taken: () => void): void {
    const message = JSON.parse(text) as {
      readonly id?: number;
      readonly result?: unknown;
      readonly error?: RpcFailure;
      readonly params?: EventsParams;
    };
    if (message.id === undefined) {
      if (message.params) this.#pass({ params: message.params, length: text.length, taken });
      return;
    }
    taken();
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.error) pending?.reject(errorOf(message.error));
    else pending?.resolve(message.result);
  }

  #pass(batch: Batch): void {
    const reader = this.#readers.get(batch.params.subscription);
    if (!reader) {
      if (this.#subscribing > 0) this.#early.push(batch);
      return;
    }
    reader.push(batch);
    if (reader.unread > MAX_UNREAD) this.#channel.close();
  }

  #end(): void {
    this.#isClosed = true;
    for (const { reject } of this.#pending.values()) reject(disconnected());
    this.#pending.clear();
    for (const reader of this.#readers.values()) reader.fail(disconnected());
  }
}

class EventReader implements ControlEvents {
  readonly server: string;
  readonly number: number;
  readonly #left: () => Promise<void>;
  #batches: Batch[] = [];
  /** Characters of these. */
  unread = 0;
  #error: unknown;
  #isOver = false;
  #wake = () => {};

  constructor(server: string, number: number, left: () => Promise<void>) {
    this.server = server;
    this.number = number;
    this.#left = left;
  }

  push(batch: Batch): void {
    this.#batches.push(batch);
    this.unread += batch.length;
    this.#wake();
  }

  fail(error: unknown): void {
    this.#error = error;
    this.#wake();
  }

  async close(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#wake();
    await this.#left();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ControlEvent | LostEvents, void, void> {
    for await (const events of this.batches()) {
      for (const event of events) {
        if (this.#isOver) return;
        yield event;
      }
    }
  }

  async *batches(): AsyncGenerator<readonly (ControlEvent | LostEvents)[], void, void> {
    try {
      while (!this.#isOver) {
        const batch = this.#batches.shift();
        if (batch) {
          this.unread -= batch.length;
          const { events, lost } = batch.params;
          yield lost ? [{ type: 'gap', ...lost }, ...events] : events;
          batch.taken();
          continue;
        }
        if (this.#error !== undefined) throw this.#error;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      await this.close();
    }
  }
}

function disconnected(): PierError {
  return new PierError('disconnected', 'the connection to the control server has ended', {
    hint: 'The network may have stopped: connect again.',
  });
}

function errorOf({ message, data }: RpcFailure): PierError {
  return new PierError(data?.code ?? 'control-error', message, data?.hint === undefined ? {} : { hint: data.hint });
}
