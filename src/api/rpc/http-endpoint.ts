import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { type ConnectionLimits, Connections } from './connections.ts';
import type { Cookie } from './cookie.ts';
import { HttpReply, sendText } from './http-reply.ts';
import type { JsonRpc } from './json-rpc.ts';
import { BodyMemory, readBody } from './request-body.ts';

/** Milliseconds an idle connection is kept open (Core: DEFAULT_HTTP_SERVER_TIMEOUT). */
const KEEP_ALIVE_MS = 30_000;
/** Milliseconds a request may take to arrive. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Milliseconds between two checks of `REQUEST_TIMEOUT_MS`. */
const TIMEOUT_CHECK_MS = 5_000;
const WALLET_PATH = '/wallet/';

/** What an HTTP endpoint works with. */
interface Modules {
  readonly rpc: JsonRpc;
  readonly cookie: Cookie;
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
    });
    this.server.on('connection', (socket: Socket) => this.#connections.add(socket));
    this.server.on('request', (request, response) => this.#accept(request, response, false));
    this.server.on('checkContinue', (request, response) => this.#accept(request, response, true));
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
    const walletName = route(request, response);
    if (walletName === false) return;
    if (!this.#modules.cookie.accepts(request.headers.authorization)) {
      sendText(response, 401, '', { 'www-authenticate': 'Basic realm="jsonrpc"' });
      return;
    }
    const { socket } = request;
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
      await this.#answer(request, response, walletName);
    } finally {
      this.#connections.end(socket);
      done();
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, walletName: string | undefined): Promise<void> {
    const body = await readBody(request, this.#bodies);
    if (body === undefined) return;
    if (typeof body === 'number') {
      response.shouldKeepAlive = false;
      sendText(response, body, '');
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
      const isAnswered = await this.#modules.rpc.answer(body, walletName, caller, reply);
      if (this.#isClosing) response.shouldKeepAlive = false;
      if (isAnswered) reply.end();
      else sendText(response, 503, 'Work queue depth exceeded');
    } finally {
      this.#callers.delete(abort);
      response.off('close', onClose);
    }
  }
}

/** Returns the wallet in the request path, if any; false if the request has been answered because of its path or method. */
function route({ method, url = '' }: IncomingMessage, response: ServerResponse): string | undefined | false {
  if (url !== '/' && !url.startsWith(WALLET_PATH)) sendText(response, 404, '');
  else if (method !== 'POST') {
    sendText(response, 405, 'JSONRPC server handles only POST requests', { 'content-type': 'text/plain' });
  } else return url === '/' ? undefined : decodePath(url.slice(WALLET_PATH.length));
  return false;
}

/** Decodes percent-encoding; a malformed path stays as it is. */
function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
