import { z } from 'zod';
import { faultsOf } from '../../devnet/topology/schema-parts.ts';
import { formatFault, listFaults, quote } from '../../devnet/topology/topology-error.ts';
import { PierError } from '../../platform/errors.ts';
import type { EventType } from '../protocol/events.ts';
import {
  type ControlChannel,
  ErrorCode,
  type RpcFailure,
  type RpcRequest,
  type RpcResponse,
} from '../protocol/messages.ts';
import { type MethodName, methods, type ParamsOf, type ResultOf } from '../protocol/methods.ts';
import type { EventSource } from './event-source.ts';
import { Subscription } from './subscription.ts';

/** Requests of one client whose results it has not got. */
const MAX_PENDING = 256;
/** Characters of answers that wait for one client to read them, about; above, its connection is closed. */
const MAX_UNREAD = 16 << 20;
/** What a short answer that waits takes besides its characters, about. */
const UNREAD_COST = 1 << 10;
/** Subscriptions of one client. */
const MAX_SUBSCRIPTIONS = 16;
/** Types of events that a subscription gets which names none: the others are many. */
const DEFAULT_TYPES: EventType[] = [
  'node',
  'link',
  'header',
  'block',
  'transaction',
  'mempool',
  'reorg',
  'mining',
  'mode',
];

/** Runs the methods that need no subscription. `signal` aborts when the client leaves. Rejects with `PierError`. */
export type MethodHandler = (method: MethodName, params: never, signal: AbortSignal) => Promise<unknown>;

/** An error of JSON-RPC. */
class RequestError extends Error {
  readonly failure: RpcFailure;

  constructor(code: number, message: string, data?: RpcFailure['data']) {
    super(message);
    this.failure = { code, message, ...(data ? { data } : {}) };
  }
}

/** The requests and subscriptions of one client. */
export class ControlSession {
  readonly #channel: ControlChannel;
  readonly #handle: MethodHandler;
  readonly #events: EventSource;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #left = new AbortController();
  #pending = 0;
  #unread = 0;
  #isOver = false;
  #lastSubscription = 0;

  /** `left` is called at the end of the connection. */
  constructor(channel: ControlChannel, handle: MethodHandler, events: EventSource, left: () => void = () => {}) {
    this.#channel = channel;
    this.#handle = handle;
    this.#events = events;
    channel.onClose(() => {
      this.#isOver = true;
      this.#left.abort(new PierError('client-left', 'the client has left'));
      for (const subscription of this.#subscriptions.values()) subscription.end();
      this.#subscriptions.clear();
      left();
    });
    channel.onMessage((text) => void this.#received(text));
  }

  async #received(text: string): Promise<void> {
    // A WebSocket passes on what comes while it waits for the client to close.
    if (this.#isOver) return;
    let isCounted = false;
    const response = await answer(text, (method, params) => {
      if (this.#pending >= MAX_PENDING) {
        throw new PierError('too-many-requests', `${MAX_PENDING} requests of this client wait for their results`, {
          hint: 'Await some of them first.',
        });
      }
      this.#pending++;
      isCounted = true;
      return this.#call(method, params);
    });
    const done = () => {
      if (isCounted) this.#pending--;
    };
    if (!response || this.#isOver) return done();
    // Results that the client does not read fill memory as well, and so do errors.
    if (this.#unread > MAX_UNREAD) {
      this.#isOver = true;
      this.#channel.close();
      return;
    }
    const answered = JSON.stringify(response);
    const cost = answered.length + UNREAD_COST;
    this.#unread += cost;
    this.#channel.send(answered, () => {
      this.#unread -= cost;
      done();
    });
  }

  async #call(method: MethodName, params: unknown): Promise<unknown> {
    if (method === 'subscribe') return this.#subscribe(params as ParamsOf<'subscribe'>);
    if (method === 'unsubscribe') return this.#unsubscribe(params as { readonly subscription: string });
    return this.#handle(method, params as never, this.#left.signal);
  }

  #subscribe({ types = DEFAULT_TYPES, after, server }: ParamsOf<'subscribe'>): ResultOf<'subscribe'> {
    if (this.#subscriptions.size >= MAX_SUBSCRIPTIONS) {
      throw new PierError('too-many-subscriptions', `this client has ${MAX_SUBSCRIPTIONS} subscriptions already`);
    }
    const id = String(++this.#lastSubscription);
    const { log } = this.#events;
    // Of another server's numbers none is known here: all its events are lost.
    const isOther = server !== undefined && server !== this.#events.id;
    const from = after === undefined ? log.last : isOther ? 0 : Math.min(after, log.last);
    const subscription = new Subscription(this.#channel, this.#events, { id, types: new Set(types), after: from });
    this.#subscriptions.set(id, subscription);
    return { subscription: id, server: this.#events.id, number: log.last };
  }

  #unsubscribe({ subscription: id }: { readonly subscription: string }): null {
    const subscription = this.#subscriptions.get(id);
    if (!subscription) throw new PierError('unknown-subscription', `there is no subscription ${quote(id)}`);
    subscription.end();
    this.#subscriptions.delete(id);
    return null;
  }
}

/** Returns the response to a JSON-RPC message; undefined for a notification. */
export async function answer(
  text: string,
  call: (method: MethodName, params: unknown) => Promise<unknown>,
): Promise<RpcResponse | undefined> {
  let id: string | number | null = null;
  try {
    const request = parseRequest(text);
    id = request.id ?? null;
    const result = await call(...checkedCall(request));
    return request.id === undefined ? undefined : { jsonrpc: '2.0', id, result: result ?? null };
  } catch (error) {
    return { jsonrpc: '2.0', id, error: failureOf(error) };
  }
}

function parseRequest(text: string): RpcRequest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RequestError(ErrorCode.PARSE_ERROR, 'the message is not JSON');
  }
  const result = requestSchema.safeParse(value);
  if (result.success) return result.data as RpcRequest;
  throw new RequestError(ErrorCode.INVALID_REQUEST, 'the message is not a request of JSON-RPC 2.0');
}

const requestSchema = z.object({
  jsonrpc: z.literal('2.0'),
  id: z.union([z.string(), z.number(), z.null()]).optional(),
  method: z.string(),
  params: z.unknown().optional(),
});

function checkedCall({ method, params = {} }: RpcRequest): [MethodName, unknown] {
  if (!Object.hasOwn(methods, method)) {
    throw new RequestError(ErrorCode.METHOD_NOT_FOUND, `there is no method ${quote(method)}`, {
      code: 'unknown-method',
      hint: 'rpc.discover describes all methods.',
    });
  }
  const name = method as MethodName;
  const result = methods[name].params.safeParse(params);
  if (result.success) return [name, result.data];
  const faults = result.error.issues.flatMap((issue) => faultsOf(issue));
  throw new RequestError(
    ErrorCode.INVALID_PARAMS,
    listFaults(faults.map((fault) => `${name}: ${formatFault(fault)}`)),
    {
      code: 'bad-argument',
      hint: `The parameters are { ${Object.keys(methods[name].params.shape).join(', ')} }.`,
    },
  );
}

function failureOf(error: unknown): RpcFailure {
  if (error instanceof RequestError) return error.failure;
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof PierError)) return { code: ErrorCode.INTERNAL, message };
  const { code, hint } = error;
  return { code: ErrorCode.FAILED, message, data: { code, ...(hint === undefined ? {} : { hint }) } };
}
