import { encodeJson, type Json, type JsonObject } from '../json/json.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';
import type { AnyRpcNode } from '../method/rpc-node.ts';
import type { CallParams, Dispatcher } from './dispatch.ts';

/** Requests in one batch. */
const MAX_BATCH = 50_000;
/** Concurrent calls; further requests get HTTP status 503, as in Core when its work queue is full. */
const MAX_ACTIVE_CALLS = 256;

/** The HTTP reply to one request body. */
export interface HttpReply {
  readonly status: number;
  /** JSON text; empty with status 204. */
  readonly body: string;
}

type Calls = Pick<Dispatcher<AnyRpcNode>, 'call' | 'active'>;

/** The members of a request that its reply repeats. */
interface Envelope {
  readonly version: 'legacy' | '2.0';
  /** Undefined if the request has none; a 2.0 request without id is a notification. */
  readonly id: Json | undefined;
}

interface Answer {
  readonly reply: string;
  /** HTTP status of the reply outside a batch; 204: no reply is sent. */
  readonly status: number;
  readonly isNotification: boolean;
}

/**
 * Answers JSON-RPC request bodies as bitcoind does: versions 1.0 and 1.1, whose errors set the HTTP
 * status, and 2.0, with notifications; single requests and batches.
 */
export class JsonRpc {
  readonly #dispatcher: Calls;

  constructor(dispatcher: Calls) {
    this.#dispatcher = dispatcher;
  }

  /** Answers one request body; `walletName` is the wallet in the request path. Never rejects. */
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

/** Reads version and id, which the reply needs even if the rest of the request is malformed. */
function readEnvelope(request: unknown): Envelope {
  if (!isRecord(request)) return { version: 'legacy', id: null };
  const { id, jsonrpc } = request;
  // Core echoes any id. A nested one becomes null here, since it could overflow the encoder's stack.
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

/** Returns the reply to a body that is not a request or batch. */
function wholeError(rpcCode: number, message: string): HttpReply {
  const reply = encodeReply({ version: 'legacy', id: null }, undefined, new RpcError(rpcCode, message));
  return { status: httpStatus(rpcCode), body: `${reply}\n` };
}

function httpStatus(rpcCode: number): number {
  if (rpcCode === RpcCode.INVALID_REQUEST) return 400;
  if (rpcCode === RpcCode.METHOD_NOT_FOUND) return 404;
  return 500;
}
