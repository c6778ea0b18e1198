import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { PierError } from '../../platform/errors.ts';
import type { Method } from '../method/method.ts';
import type { AnyRpcNode } from '../method/rpc-node.ts';
import { Dispatcher } from '../methods/dispatch.ts';
import { CallQueue } from '../work/call.ts';
import type { ConnectionLimits } from './connections.ts';
import { Cookie } from './cookie.ts';
import { HttpEndpoint } from './http-endpoint.ts';
import { JsonRpc } from './json-rpc.ts';

/** Milliseconds that `close` waits for calls in progress. */
const CLOSE_GRACE_MS = 5_000;

/** Address and cookie file of an RPC server. */
export interface RpcServerOptions {
  /** Address to bind. */
  readonly host: string;
  /** Port to bind; 0 for any free port. */
  readonly port: number;
  /** Path of the file that the credentials are written to. */
  readonly cookieFile: string;
  /** The password in the cookie; default: a new one. */
  readonly password?: string | undefined;
  /** Limits of connections, where they differ from the default. @internal */
  readonly connections?: ConnectionLimits;
}

/** Serves a node's JSON-RPC over HTTP to clients that present its cookie. */
export class RpcServer {
  /** The bound address. */
  readonly host: string;
  /** The bound port. */
  readonly port: number;
  /** Path of the cookie file. */
  readonly cookieFile: string;
  readonly #http: HttpEndpoint;
  readonly #cookie: Cookie;
  readonly #replaceNode: (node: AnyRpcNode) => void;
  #closed: Promise<void> | undefined;

  private constructor(http: HttpEndpoint, cookie: Cookie, host: string, replaceNode: (node: AnyRpcNode) => void) {
    this.#http = http;
    this.#replaceNode = replaceNode;
    this.#cookie = cookie;
    this.host = host;
    this.port = (http.server.address() as AddressInfo).port;
    this.cookieFile = cookie.path;
  }

  /**
   * Binds the port, writes the cookie, serves `methods`. Throws `PierError` 'rpc-port-taken' if the port is in use,
   * 'rpc-listen-failed' if the address is not one of this machine, and 'cookie-not-written'.
   */
  static async start<N extends AnyRpcNode>(
    options: RpcServerOptions,
    node: N,
    methods: ReadonlyMap<string, Method<N>>,
  ): Promise<RpcServer> {
    const cookie = new Cookie(options.cookieFile, options.password);
    const dispatcher = new Dispatcher(node, methods);
    const rpc = new JsonRpc(dispatcher, new CallQueue(node.clock));
    const http = new HttpEndpoint(options.connections ?? {}, { rpc, cookie, clock: node.clock, logger: node.logger });
    try {
      http.server.listen({ host: options.host, port: options.port });
      await once(http.server, 'listening');
      await cookie.write();
    } catch (error) {
      await http.close(0);
      throw listenError(options, error as NodeJS.ErrnoException);
    }
    http.server.on('error', (error) => node.logger.warn({ err: error }, 'RPC connection not accepted'));
    const server = new RpcServer(http, cookie, options.host, (other) => dispatcher.replaceNode(other as N));
    node.logger.info({ host: server.host, port: server.port, cookie: options.cookieFile }, 'RPC server listening');
    return server;
  }

  /**
   * Serves another node of the same kind from now on, on the same connections. Calls that wait go on with it, as after a
   * reorganisation to its chain.
   */
  serve(node: AnyRpcNode): void {
    this.#replaceNode(node);
  }

  /** Ends waiting calls, finishes those in progress, closes, and removes the cookie. Safe to call more than once. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#http.close(CLOSE_GRACE_MS);
    await this.#cookie.remove();
  }
}

/** Returns the error to throw for one of `listen`. */
function listenError({ host, port }: RpcServerOptions, cause: NodeJS.ErrnoException): unknown {
  const fails = `RPC cannot listen on ${host}:${port}`;
  switch (cause.code) {
    case 'EADDRINUSE':
      return new PierError('rpc-port-taken', `${fails}: another program uses this port`, {
        hint: 'Stop that program, or choose another NODE_ID.',
        cause,
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new PierError('rpc-listen-failed', `${fails}: ${cause.message}`, {
        hint: 'Give an address of this machine.',
        cause,
      });
    default:
      return cause;
  }
}
