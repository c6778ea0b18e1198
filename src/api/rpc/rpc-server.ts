import type { AddressInfo } from 'node:net';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { PierError } from '../../platform/errors.ts';
import type { Method } from '../method/method.ts';
import type { AnyRpcNode } from '../method/rpc-node.ts';
import { Cookie } from './cookie.ts';
import { Dispatcher } from './dispatch.ts';
import { JsonRpc } from './json-rpc.ts';

/** Bytes of a request: 32 MiB, as in Core; a block of the greatest weight takes 8 in hex. */
const MAX_BODY_BYTES = 0x0200_0000;
const KEEP_ALIVE_MS = 30_000;
/** Longest time that a request may take to arrive. */
const REQUEST_TIMEOUT_MS = 60_000;
const MAX_CONNECTIONS = 512;
/** How long answers under way are waited for at close. */
const CLOSE_GRACE_MS = 5_000;
const WALLET_PATH = '/wallet/';

export interface RpcServerOptions {
  /** The address to bind. */
  readonly host: string;
  /** The port to bind; 0 for any free one. */
  readonly port: number;
  /** Where the credentials are put. */
  readonly cookieFile: string;
}

/** Serves a node's JSON-RPC over HTTP to holders of its cookie. */
export class RpcServer {
  readonly host: string;
  /** As bound. */
  readonly port: number;
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

  /** Binds, then writes the cookie, and serves these methods of the node. Throws `PierError` 'rpc-port-taken' where the port is not free. */
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
    node.logger.info({ host: server.host, port: server.port, cookie: options.cookieFile }, 'RPC server listens');
    return server;
  }

  /** Ends calls that wait, answers those at work, then closes. Safe to call more than once. */
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
  return new PierError('rpc-port-taken', `another program listens on ${options.host}:${options.port}`, {
    hint: 'Stop the node that uses it, or choose another NODE_ID.',
    cause,
  });
}

function buildHttp(cookie: Cookie, rpc: JsonRpc): FastifyInstance {
  const http = fastify({
    bodyLimit: MAX_BODY_BYTES,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Answers under way are finished at close, idle connections are not waited for.
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
    // Clients name all kinds of types, also some that are none; the body is JSON whatever they say.
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
