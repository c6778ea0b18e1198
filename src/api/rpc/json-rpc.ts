import { JsonEncoder } from '../json/encode.ts';
import { isJsonObject, type Json, type JsonObject } from '../json/json.ts';
import { parseJson } from '../json/parse.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';
import type { AnyRpcNode } from '../method/rpc-node.ts';
import type { CallParams, Dispatcher } from '../methods/dispatch.ts';
import type { Call, Caller, CallQueue } from '../work/call.ts';

/** Requests in one batch. */
const MAX_BATCH = 50_000;
/** Characters of a result that are collected before they are sent. */
const CHARS_PER_WRITE = 65_536;

/** Values of `jsonrpc` that are accepted; 1.0 is legacy, as requests without a version are. */
const VERSIONS = new Set(['1.0', '2.0']);

/** What the calls of a request body are about, and which are allowed. */
export interface CallScope {
  /** The wallet in the request path. */
  readonly walletName?: string | undefined;
  /** The methods that the user may call; undefined: all of them. */
  readonly methods?: ReadonlySet<string> | undefined;
}

/** Where the HTTP reply to a request body is written. */
export interface ReplyWriter {
  /** HTTP status; to be set before the first write. */
  status: number;
  /** Whether the client is gone, so that nothing needs to be written. */
  readonly isClosed: boolean;
  /** Adds JSON text to the body. A promise that it returns is to be awaited before the next write. */
  write(text: string): Promise<void> | undefined;
}

/** The members of a request that its reply repeats. */
interface Envelope {
  readonly version: 'legacy' | '2.0';
  /** Undefined if the request has none; a 2.0 request without id is a notification. */
  readonly id: Json | undefined;
}

/** The envelope of replies to what is no request. */
const NO_ENVELOPE: Envelope = { version: 'legacy', id: null };

interface Answer {
  readonly envelope: Envelope;
  readonly result?: Json;
  readonly error?: RpcError;
  /** HTTP status of the reply outside a batch; 204: no reply is sent. */
  readonly status: number;
  readonly isNotification: boolean;
}

/**
 * Answers JSON-RPC request bodies as bitcoind does: versions 1.0 and 1.1, whose errors set the HTTP
 * status, and 2.0, with notifications; single requests and batches.
 *
 * Requests are parsed, run and encoded in slices, and sent as they are encoded: a batch holds one result in memory.
 */
export class JsonRpc {
  readonly #dispatcher: Pick<Dispatcher<AnyRpcNode>, 'call'>;
  readonly #queue: CallQueue;

  constructor(dispatcher: Pick<Dispatcher<AnyRpcNode>, 'call'>, queue: CallQueue) {
    this.#dispatcher = dispatcher;
    this.#queue = queue;
  }

  /**
   * Answers one request body. Status 403 without a text if its user may not call one of its methods. Returns false, having written nothing, if
   * too many requests are in progress. Rejects only after a part of the reply has been written.
   */
  async answer(body: string, scope: CallScope, caller: Caller, reply: ReplyWriter): Promise<boolean> {
    if (this.#queue.isFull) return false;
    await this.#queue.run(caller, (call) => new Exchange(this.#dispatcher, call, scope, reply).answer(body));
    return true;
  }
}

/** One request body and its reply. */
class Exchange {
  readonly #dispatcher: Pick<Dispatcher<AnyRpcNode>, 'call'>;
  readonly #call: Call;
  readonly #scope: CallScope;
  readonly #reply: ReplyWriter;
  /** Text that is not written yet. */
  #pending = '';
  /** Whether a part of the reply to the current request has been written. */
  #isWritten = false;

  constructor(dispatcher: Pick<Dispatcher<AnyRpcNode>, 'call'>, call: Call, scope: CallScope, reply: ReplyWriter) {
    this.#dispatcher = dispatcher;
    this.#call = call;
    this.#scope = scope;
    this.#reply = reply;
  }

  async answer(body: string): Promise<void> {
    const parsed = await this.#parse(body);
    if (this.#isForbidden(parsed)) {
      this.#reply.status = 403;
    } else if (parsed instanceof RpcError) {
      await this.#encodeWhole(parsed);
    } else if (Array.isArray(parsed)) {
      await this.#answerBatch(parsed);
    } else if (isJsonObject(parsed)) {
      const answer = await this.#answerOne(parsed);
      this.#reply.status = answer.status;
      if (answer.status !== 204) {
        const failure = await this.#encode(answer);
        if (failure && answer.envelope.version === 'legacy') this.#reply.status = httpStatus(failure.rpcCode);
        this.#pending += '\n';
      }
    } else {
      await this.#encodeWhole(new RpcError(RpcCode.PARSE_ERROR, 'Top-level object parse error'));
    }
    if (this.#pending !== '') await this.#flush();
  }

  async #parse(body: string): Promise<unknown> {
    try {
      return await parseJson(body, this.#call.step);
    } catch (thrown) {
      return thrown instanceof RpcError ? thrown : new RpcError(RpcCode.PARSE_ERROR, 'Parse error');
    }
  }

  /** Returns whether a request, or one of a batch, calls a method that its user may not call. */
  #isForbidden(parsed: unknown): boolean {
    const { methods } = this.#scope;
    if (!methods) return false;
    const requests = Array.isArray(parsed) ? parsed : [parsed];
    return requests.some(
      (request) => isJsonObject(request) && typeof request.method === 'string' && !methods.has(request.method),
    );
  }

  async #answerBatch(requests: readonly unknown[]): Promise<void> {
    if (requests.length > MAX_BATCH) {
      await this.#encodeWhole(new RpcError(RpcCode.INVALID_REQUEST, `More than ${MAX_BATCH} requests in a batch`));
      return;
    }
    let separator = '[';
    let envelope = NO_ENVELOPE;
    for (const request of requests) {
      const answer = await this.#answerOne(request, envelope);
      envelope = answer.envelope;
      if (this.#reply.isClosed) return;
      if (answer.isNotification) continue;
      this.#pending += separator;
      separator = ',';
      await this.#encode(answer);
    }
    if (separator === ',') this.#pending += ']\n';
    else if (requests.length === 0) this.#pending += '[]\n';
    else this.#reply.status = 204;
  }

  /** `previous` is the envelope of the request before it in a batch: a member that is no object keeps it, as in Core. */
  async #answerOne(request: unknown, previous = NO_ENVELOPE): Promise<Answer> {
    const envelope = isJsonObject(request) ? readEnvelope(request) : previous;
    const isNotification = envelope.version === '2.0' && envelope.id === undefined;
    let call: ReturnType<typeof readCall>;
    try {
      const pause = this.#call.step();
      if (pause) await pause;
      call = readCall(request);
    } catch (thrown) {
      const error = toRpcError(thrown);
      return { envelope, error, status: httpStatus(error.rpcCode), isNotification };
    }
    const status = isNotification ? 204 : 200;
    try {
      const result = await this.#dispatcher.call(call.method, call.params, this.#scope.walletName, this.#call);
      return { envelope, result, status, isNotification };
    } catch (thrown) {
      const error = toRpcError(thrown);
      return {
        envelope,
        error,
        status: envelope.version === '2.0' ? status : httpStatus(error.rpcCode),
        isNotification,
      };
    }
  }

  /** Encodes an answer. Encodes and returns an error if its result cannot be encoded and none of it has been written. */
  async #encode({ envelope, result, error }: Answer): Promise<RpcError | undefined> {
    const start = this.#pending;
    this.#isWritten = false;
    try {
      await this.#encodeReply(replyOf(envelope, result, error));
      return undefined;
    } catch (thrown) {
      if (this.#isWritten) throw thrown;
      const failure = toRpcError(thrown);
      this.#pending = start;
      await this.#encodeReply(replyOf(envelope, undefined, failure));
      return failure;
    }
  }

  async #encodeReply(reply: JsonObject): Promise<void> {
    const encoder = new JsonEncoder(reply);
    while (encoder.advance()) {
      const pause = this.#call.turn();
      if (pause) await pause;
      if (encoder.pending < CHARS_PER_WRITE) continue;
      if (this.#reply.isClosed) return;
      this.#pending += encoder.take();
      await this.#flush();
    }
    this.#pending += encoder.take();
    if (this.#pending.length >= CHARS_PER_WRITE) await this.#flush();
  }

  /** Replies to a body that is not a request or batch. */
  async #encodeWhole(error: RpcError): Promise<void> {
    this.#reply.status = httpStatus(error.rpcCode);
    await this.#encodeReply(replyOf(NO_ENVELOPE, undefined, error));
    this.#pending += '\n';
  }

  async #flush(): Promise<void> {
    const text = this.#pending;
    this.#pending = '';
    this.#isWritten = true;
    const full = this.#reply.write(text);
    // A client that reads slowly takes no part in the division of the main thread.
    if (full) await this.#call.suspended(full);
  }
}

function toRpcError(thrown: unknown): RpcError {
  return thrown instanceof RpcError ? thrown : new RpcError(RpcCode.INTERNAL_ERROR, String(thrown));
}

/** Reads version and id, which the reply needs even if the rest of the request is malformed. */
function readEnvelope({ id, jsonrpc }: Readonly<Record<string, unknown>>): Envelope {
  return { version: jsonrpc === '2.0' ? '2.0' : 'legacy', id: id as Json | undefined };
}

function readCall(request: unknown): { method: string; params: CallParams } {
  if (!isJsonObject(request)) throw new RpcError(RpcCode.INVALID_REQUEST, 'Invalid Request object');
  const { jsonrpc, method, params } = request;
  if (jsonrpc !== undefined && jsonrpc !== null) {
    if (typeof jsonrpc !== 'string') throw new RpcError(RpcCode.INVALID_REQUEST, 'jsonrpc field must be a string');
    if (!VERSIONS.has(jsonrpc)) throw new RpcError(RpcCode.INVALID_REQUEST, 'JSON-RPC version not supported');
  }
  if (method === undefined || method === null) throw new RpcError(RpcCode.INVALID_REQUEST, 'Missing method');
  if (typeof method !== 'string') throw new RpcError(RpcCode.INVALID_REQUEST, 'Method must be a string');
  if (params === undefined || params === null) return { method, params: [] };
  if (Array.isArray(params) || isJsonObject(params)) return { method, params };
  throw new RpcError(RpcCode.INVALID_REQUEST, 'Params must be an array or object');
}

function replyOf({ version, id }: Envelope, result: Json | undefined, error?: RpcError): JsonObject {
  const failure = error && { code: error.rpcCode, message: error.message };
  return version === '2.0'
    ? { jsonrpc: '2.0', ...(failure ? { error: failure } : { result: result ?? null }), id }
    : { result: result ?? null, error: failure ?? null, id };
}

function httpStatus(rpcCode: number): number {
  if (rpcCode === RpcCode.INVALID_REQUEST) return 400;
  if (rpcCode === RpcCode.METHOD_NOT_FOUND) return 404;
  return 500;
}
