import { encodeJson, type Json, type JsonObject } from '../json/json.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';
import type { AnyRpcNode } from '../method/rpc-node.ts';
import type { CallParams, Dispatcher } from './dispatch.ts';

/** Requests of one batch. */
const MAX_BATCH = 50_000;
/** Calls at work at one time; more are told to come back, as Core does when its work queue is full. */
const MAX_ACTIVE_CALLS = 256;

export interface HttpReply {
  readonly status: number;
  /** JSON text; empty where there is nothing to say. */
  readonly body: string;
}

type Calls = Pick<Dispatcher<AnyRpcNode>, 'call' | 'active'>;

/** What a reply repeats of its request. */
interface Envelope {
  readonly version: 'legacy' | '2.0';
  /** Undefined where the request has none, which makes a request of version 2.0 a notification. */
  readonly id: Json | undefined;
}

interface Answer {
  readonly reply: string;
  /** The HTTP status that the reply has outside of a batch; 204: none is sent. */
  readonly status: number;
  readonly isNotification: boolean;
}

/**
 * JSON-RPC as bitcoind speaks it: 1.0 and 1.1, whose errors have HTTP statuses of their own, and 2.0, with
 * notifications; alone or in batches. Of HTTP it knows only the status.
 */
export class JsonRpc {
  readonly #dispatcher: Calls;

  constructor(dispatcher: Calls) {
    this.#dispatcher = dispatcher;
  }

  /** Answers one request body; `walletName` is what its path names. Never rejects. */
  async answer(body: string, walletName: string | undefined): Promise<HttpReply> {
    if (this.#dispatcher.active >= MAX_ACTIVE_CALLS) return { status: 503, body: 'Work queue depth exceeded' };
    let parsed: unknown;
    try {
      parsed = JSON.parse(body);
    } catch {
      return wholeError(RpcCode.PARSE_ERROR, 'Parse error');
    }
    if (Array.isArray(parsed)) return this.#answerBatch(parsed, walletName);
    if (!isRecord(parsed)) return wholeError(RpcCode.PARSE_ERROR, 'Top-level object parse error');
    const { reply, status } = await this.#answerOne(parsed, walletName);
    return { status, body: status === 204 ? '' : `${reply}\n` };
  }

  async #answerBatch(requests: readonly unknown[], walletName: string | undefined): Promise<HttpReply> {
    if (requests.length > MAX_BATCH) {
      return wholeError(RpcCode.INVALID_REQUEST, `More than ${MAX_BATCH} requests in a batch`);
    }
    const replies: string[] = [];
    for (const request of requests) {
      const { reply, isNotification } = await this.#answerOne(request, walletName);
      if (!isNotification) replies.push(reply);
    }
    if (replies.length === 0 && requests.length > 0) return { status: 204, body: '' };
    return { status: 200, body: `[${replies.join(',')}]\n` };
  }

  async #answerOne(request: unknown, walletName: string | undefined): Promise<Answer> {
    const envelope = readEnvelope(request);
    const isNotification = envelope.version === '2.0' && envelope.id === undefined;
    let call: ReturnType<typeof readCall>;
    try {
      call = readCall(request);
    } catch (thrown) {
      const error = toRpcError(thrown);
      return { reply: encodeReply(envelope, undefined, error), status: httpStatus(error.rpcCode), isNotification };
    }
    const status = isNotification ? 204 : 200;
    try {
      const result = await this.#dispatcher.call(call.method, call.params, walletName);
      return { reply: encodeReply(envelope, result), status, isNotification };
    } catch (thrown) {
      const error = toRpcError(thrown);
      const reply = encodeReply(envelope, undefined, error);
      return { reply, status: envelope.version === '2.0' ? status : httpStatus(error.rpcCode), isNotification };
    }
  }
}

function toRpcError(thrown: unknown): RpcError {
  return thrown instanceof RpcError ? thrown : new RpcError(RpcCode.INTERNAL_ERROR, String(thrown));
}

/** Version and id, as far as they can be told: a reply needs them even where the rest of the request is wrong. */
function readEnvelope(request: unknown): Envelope {
  if (!isRecord(request)) return { version: 'legacy', id: null };
  const { id, jsonrpc } = request;
  // Core echoes whatever the id is; one that nests would only be work for the encoder.
  const plain = typeof id !== 'object' || id === null;
  return { version: jsonrpc === '2.0' ? '2.0' : 'legacy', id: plain ? (id as Json | undefined) : null };
}

function readCall(request: unknown): { method: string; params: CallParams } {
  if (!isRecord(request)) throw new RpcError(RpcCode.INVALID_REQUEST, 'Invalid Request object');
  const { method, params } = request;
  if (method === undefined || method === null) throw new RpcError(RpcCode.INVALID_REQUEST, 'Missing method');
  if (typeof method !== 'string') throw new RpcError(RpcCode.INVALID_REQUEST, 'Method must be a string');
  if (params === undefined || params === null) return { method, params: [] };
  if (Array.isArray(params) || isRecord(params)) return { method, params };
  throw new RpcError(RpcCode.INVALID_REQUEST, 'Params must be an array or object');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function encodeReply({ version, id }: Envelope, result: Json | undefined, error?: RpcError): string {
  const failure = error && { code: error.rpcCode, message: error.message };
  const reply: JsonObject =
    version === '2.0'
      ? { jsonrpc: '2.0', ...(failure ? { error: failure } : { result: result ?? null }), id }
      : { result: result ?? null, error: failure ?? null, id };
  return encodeJson(reply);
}

/** The answer to a body of which nothing could be made. */
function wholeError(rpcCode: number, message: string): HttpReply {
  const reply = encodeReply({ version: 'legacy', id: null }, undefined, new RpcError(rpcCode, message));
  return { status: httpStatus(rpcCode), body: `${reply}\n` };
}

function httpStatus(rpcCode: number): number {
  if (rpcCode === RpcCode.INVALID_REQUEST) return 400;
  if (rpcCode === RpcCode.METHOD_NOT_FOUND) return 404;
  return 500;
}
