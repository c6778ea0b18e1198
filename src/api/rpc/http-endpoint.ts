import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { type ConnectionLimits, Connections } from './connections.ts';
import { endWithErrorPage, sendErrorPage } from './error-page.ts';
import { HttpReply, sendText } from './http-reply.ts';
import type { CallScope, JsonRpc } from './json-rpc.ts';
import { BodyMemory, readBody } from './request-body.ts';
import type { RpcUsers } from './rpc-users.ts';

/** Milliseconds an idle connection is kept open (Core: DEFAULT_HTTP_SERVER_TIMEOUT). */
const KEEP_ALIVE_MS = 30_000;
/** Milliseconds a request may take to arrive. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Milliseconds between two checks of `REQUEST_TIMEOUT_MS`. */
const TIMEOUT_CHECK_MS = 5_000;
/** Bytes of the request line and the headers, without their line ends (Core: MAX_HEADERS_SIZE). */
const MAX_HEADERS_SIZE = 8_192;
/** Milliseconds before wrong credentials are refused, so that guessing takes long (Core: HTTPReq_JSONRPC). */
const WRONG_CREDENTIALS_MS = 250;
const WALLET_PATH = '/wallet/';
/** Methods that bitcoind's HTTP server passes on; any other is not implemented. */
const KNOWN_METHODS = new Set(['GET', 'POST', 'HEAD', 'PUT', 'DELETE']);

/** A request line, from somewhere in its method on. */
const REQUEST_LINE = /^[^ \r\n]* [^ \r\n]+ HTTP\/1\.\d\r?\n/;

/** An error of Node's HTTP parser, and the bytes in which it is. */
type ParseError = NodeJS.ErrnoException & { readonly rawPacket?: Buffer; readonly bytesParsed?: number };

/** What an HTTP endpoint works with. */
interface Modules {
  readonly rpc: JsonRpc;
  readonly users: RpcUsers;
  /** Returns whether a client may call at all, by its address; default: each may. */
  readonly allows?: ((address: string) => boolean) | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Serves JSON-RPC over HTTP on the paths of Bitcoin Core. Credentials are checked as soon as the headers have arrived.
 * Each connection has one request in progress; what a client sends ahead waits.
 */
export class HttpEndpoint {
  readonly server: Server;
  readonly #modules: Modules;
  readonly #connections: Connections;
  readonly #bodies = new BodyMemory();
  /** Of each connection, the end of the last request received. */
  readonly #turns = new WeakMap<Socket, Promise<void>>();
  /** Of each connection, the last request whose headers have been received. */
  readonly #last = new WeakMap<Socket, IncomingMessage>();
  /** Connections on which something was received that is no request. */
  readonly #broken = new WeakSet<Socket>();
  /** Requests in progress. */
  readonly #callers = new Set<AbortController>();
  #isClosing = false;

  constructor(limits: ConnectionLimits, modules: Modules) {
    this.#modules = modules;
    this.#connections = new Connections(modules.clock, limits);
    this.server = createServer({
      keepAliveTimeout: KEEP_ALIVE_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      requireHostHeader: false,
    });
    // Their size is limited instead.
    this.server.maxHeadersCount = 0;
    this.server.on('connection', (socket: Socket) => this.#connections.add(socket));
    this.server.on('request', (request, response) => this.#accept(request, response, false));
    this.server.on('checkContinue', (request, response) => this.#accept(request, response, true));
    this.server.on('checkExpectation', (_request, response) => sendErrorPage(response, 417));
    this.server.on('connect', (_request, socket: Socket) => endWithErrorPage(socket, 501));
    this.server.on('clientError', (error, socket: Socket) => this.#refuse(error, socket));
  }

  /** Ends the calls that wait for a block or a transaction; they answer with what there is. */
  endWaitingCalls(): void {
    for (const caller of this.#callers) caller.abort();
  }

  /** Ends waiting calls, and closes once those in progress are answered, at the latest after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    this.endWaitingCalls();
    if (!this.server.listening) return;
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
    this.#connections.closeIdle();
    const grace = setTimeout(() => this.server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(grace);
  }

  #accept(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    this.#handle(request, response, expectsContinue).catch((error: unknown) => {
      this.#modules.logger.error({ err: error }, 'RPC reply failed');
      response.destroy();
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): Promise<void> {
    const { socket } = request;
    this.#last.set(socket, request);
    if (this.#modules.allows?.(socket.remoteAddress ?? '') === false) {
      sendText(response, 403, '');
      return;
    }
    const walletName = route(request, response);
    if (walletName === false) return;
    const { authorization } = request.headers;
    const user = this.#modules.users.authenticate(authorization);
    if (user === undefined) {
      if (authorization !== undefined) await delay(WRONG_CREDENTIALS_MS);
      sendText(response, 401, '', { 'WWW-Authenticate': 'Basic realm="jsonrpc"' });
      return;
    }
    const before = this.#turns.get(socket);
    let done = () => {};
    this.#turns.set(socket, new Promise((resolve) => (done = resolve)));
    this.#connections.begin(socket);
    try {
      if (before) {
        await before;
        this.#connections.begin(socket);
      }
      if (expectsContinue) response.writeContinue();
      await this.#answer(request, response, { walletName, methods: this.#modules.users.methodsOf(user) });
    } finally {
      this.#connections.end(socket);
      done();
    }
  }

  /** Answers bytes that are no request, once the requests before them have been answered. */
  #refuse(error: ParseError, socket: Socket): void {
    const { code = '' } = error;
    // Bytes after a request that asks for the connection to be closed.
    if (code === 'HPE_CLOSED_CONNECTION' || this.#broken.has(socket)) return;
    this.#broken.add(socket);
    // A client that is gone or too slow gets no answer.
    if (!code.startsWith('HPE_') || code === 'HPE_INVALID_EOF_STATE') {
      socket.destroy();
      return;
    }
    const last = this.#last.get(socket);
    const before = last?.complete ? this.#turns.get(socket) : undefined;
    const end = () => endWithErrorPage(socket, isUnknownMethod(error) ? 501 : 400);
    if (before) void before.then(end);
    else end();
  }

  async #answer(request: IncomingMessage, response: ServerResponse, scope: CallScope): Promise<void> {
    const body = await readBody(request, this.#bodies);
    if (body === undefined) return;
    if (typeof body === 'number') {
      sendErrorPage(response, body);
      return;
    }
    if (this.#isClosing) {
      response.shouldKeepAlive = false;
      sendText(response, 503, 'Shutting down');
      return;
    }
    const abort = new AbortController();
    const reply = new HttpReply(response, this.#modules.clock);
    const onClose = () => abort.abort();
    response.once('close', onClose);
    this.#callers.add(abort);
    try {
      const caller = { client: request.socket.remoteAddress ?? '', signal: abort.signal };
      const isAnswered = await this.#modules.rpc.answer(body, scope, caller, reply);
      if (this.#isClosing) response.shouldKeepAlive = false;
      if (isAnswered) reply.end();
      else sendText(response, 503, 'Work queue depth exceeded');
    } finally {
      this.#callers.delete(abort);
      response.off('close', onClose);
    }
  }
}

/** Returns the wallet in the request path, if any; false if the request has been answered because of its head. */
function route(request: IncomingMessage, response: ServerResponse): string | undefined | false {
  const { method = '', url = '', httpVersionMajor } = request;
  if (httpVersionMajor !== 1 || headersSize(request) > MAX_HEADERS_SIZE) sendErrorPage(response, 400);
  else if (!KNOWN_METHODS.has(method)) sendErrorPage(response, 501);
  else if (method === 'DELETE') sendText(response, 405, '');
  else if (url !== '/' && !url.startsWith(WALLET_PATH)) sendText(response, 404, '');
  else if (method !== 'POST') sendText(response, 405, 'JSONRPC server handles only POST requests');
  else return url === '/' ? undefined : decodePath(url.slice(WALLET_PATH.length));
  return false;
}

function isUnknownMethod({ code, rawPacket, bytesParsed = 0 }: ParseError): boolean {
  return code === 'HPE_INVALID_METHOD' && REQUEST_LINE.test(rawPacket?.toString('latin1', bytesParsed) ?? '');
}

function headersSize({ method = '', url = '', rawHeaders }: IncomingMessage): number {
  const requestLine = `${method} ${url} HTTP/1.1`;
  // A name and its value are separated by a colon and, as a rule, a space.
  return rawHeaders.reduce((size, part) => size + part.length + 1, requestLine.length);
}

/** Decodes percent-encoding; a malformed path stays as it is. */
function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
