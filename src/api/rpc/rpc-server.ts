import type { AddressInfo } from 'node:net';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { PierError } from '../../platform/errors.ts';
import type { Method } from '../method/method.ts';
import type { AnyRpcNode } from '../method/rpc-node.ts';
import { Cookie } from './cookie.ts';
import { Dispatcher } from './dispatch.ts';
import { JsonRpc } from './json-rpc.ts';

/** Bytes of a request body (Core: MAX_SIZE, 32 MiB); a block of maximum weight is 8 MB as hex. */
const MAX_BODY_BYTES = 0x0200_0000;
/** Milliseconds an idle connection is kept open (Core: DEFAULT_HTTP_SERVER_TIMEOUT). */
const KEEP_ALIVE_MS = 30_000;
/** Milliseconds a request may take to arrive. */
const REQUEST_TIMEOUT_MS = 60_000;
const MAX_CONNECTIONS = 512;
/** Milliseconds that `close` waits for calls in progress. */
const CLOSE_GRACE_MS = 5_000;
const WALLET_PATH = '/wallet/';

/** Address and cookie file of an RPC server. */
export interface RpcServerOptions {
  /** Address to bind. */
  readonly host: string;
  /** Port to bind; 0 for any free port. */
  readonly port: number;
  /** Path of the file that the credentials are written to. */
  readonly cookieFile: string;
}

/** Serves a node's JSON-RPC over HTTP to clients that present its cookie. */
export class RpcServer {
  /** The bound address. */
  readonly host: string;
  /** The bound port. */
  readonly port: number;
  /** Path of the cookie file. */
  readonly cookieFile: string;
  readonly #http: FastifyInstance;
  readonly #cookie: Cookie;
  readonly #closing: AbortController;
  #closed: Promise<void> | undefined;

  private constructor(http: FastifyInstance, cookie: Cookie, closing: AbortController, host: string) {
    this.#http = http;
    this.#cookie = cookie;
    this.#closing = closing;
    this.host = host;
    this.port = (http.server.address() as AddressInfo).port;
    this.cookieFile = cookie.path;
  }

  /** Binds the port, writes the cookie, serves `methods`. Throws `PierError` 'rpc-port-taken' if the port is in use. */
  static async start<N extends AnyRpcNode>(
    options: RpcServerOptions,
    node: N,
    methods: ReadonlyMap<string, Method<N>>,
  ): Promise<RpcServer> {
    const cookie = new Cookie(options.cookieFile);
    const closing = new AbortController();
    const http = buildHttp(cookie, new JsonRpc(new Dispatcher(node, closing.signal, methods)));
    try {
      await http.listen({ host: options.host, port: options.port });
      await cookie.write();
    } catch (error) {
      await http.close();
      throw (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? portTaken(options, error) : error;
    }
    const server = new RpcServer(http, cookie, closing, options.host);
    node.logger.info({ host: server.host, port: server.port, cookie: options.cookieFile }, 'RPC server listening');
    return server;
  }

  /** Ends waiting calls, finishes those in progress, closes, and removes the cookie. Safe to call more than once. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    const grace = setTimeout(() => this.#http.server.closeAllConnections(), CLOSE_GRACE_MS);
    await this.#http.close();
    clearTimeout(grace);
    await this.#cookie.remove();
  }
}

function portTaken(options: RpcServerOptions, cause: unknown): PierError {
  return new PierError(
    'rpc-port-taken',
    `RPC cannot listen on ${options.host}:${options.port}: another program uses this port`,
    {
      hint: 'Stop that program, or choose another NODE_ID.',
      cause,
    },
  );
}

function buildHttp(cookie: Cookie, rpc: JsonRpc): FastifyInstance {
  const http = fastify({
    bodyLimit: MAX_BODY_BYTES,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Closing waits for calls in progress, not for idle connections.
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
  });
  http.server.maxConnections = MAX_CONNECTIONS;
  http.removeAllContentTypeParsers();
  http.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  http.setNotFoundHandler((request, reply) => {
    if (request.url === '/' || request.url.startsWith(WALLET_PATH)) {
      return reply.code(405).type('text/plain').send('JSONRPC server handles only POST requests');
    }
    return reply.code(404).send();
  });
  http.setErrorHandler((error: { statusCode?: number }, _request, reply) => reply.code(error.statusCode ?? 500).send());

  const onRequest = async (request: FastifyRequest, reply: FastifyReply) => {
    if (!cookie.accepts(request.headers.authorization)) {
      return reply.code(401).header('www-authenticate', 'Basic realm="jsonrpc"').send();
    }
    // Clients send any content type, including malformed ones. The body is JSON regardless.
    delete request.raw.headers['content-type'];
    return undefined;
  };
  const answer = async (request: FastifyRequest, reply: FastifyReply, walletName: string | undefined) => {
    const { status, body } = await rpc.answer(typeof request.body === 'string' ? request.body : '', walletName);
    return reply.code(status).type('application/json').send(body);
  };
  http.post('/', { onRequest }, (request, reply) => answer(request, reply, undefined));
  http.post<{ Params: { '*': string } }>(`${WALLET_PATH}*`, { onRequest }, (request, reply) =>
    answer(request, reply, request.params['*']),
  );
  return http;
}
