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
import { type RpcUserOptions, RpcUsers } from './rpc-users.ts';

/** Milliseconds that `close` waits for calls in progress. */
const CLOSE_GRACE_MS = 5_000;

/** Address and cookie file of an RPC server. */
export interface RpcServerOptions {
  /** Address to bind. */
  readonly host: string;
  /** Port to bind; 0 for any free port. */
  readonly port: number;
  /** Further addresses to bind (Core: -rpcbind). */
  readonly moreEndpoints?: readonly { readonly host: string; readonly port: number }[] | undefined;
  /** Returns whether a client may call, by its address (Core: -rpcallowip); default: each may that reaches the server. */
  readonly allows?: ((address: string) => boolean) | undefined;
  /** Users besides that of the cookie; default: none. */
  readonly users?: RpcUserOptions | undefined;
  /** Path of the file that the credentials are written to. */
  readonly cookieFile: string;
  /** Whether there is a cookie; default true (Core: there is none with -rpcpassword). */
  readonly hasCookie?: boolean | undefined;
  /** The permissions of the cookie file; default: its owner reads and writes it (Core: -rpccookieperms). */
  readonly cookieMode?: number | undefined;
  /** The password in the cookie; default: a new one. */
  readonly password?: string | undefined;
  /** Limits of connections, where they differ from the default. @internal */
  readonly connections?: ConnectionLimits;
}

/** Serves a node's JSON-RPC over HTTP to clients that present its cookie, or the password of a user. */
export class RpcServer {
  /** The bound address. */
  readonly host: string;
  /** The bound port. */
  readonly port: number;
  /** Path of the cookie file. */
  readonly cookieFile: string;
  readonly #endpoints: readonly HttpEndpoint[];
  readonly #cookie: Cookie | undefined;
  readonly #replaceNode: (node: AnyRpcNode) => void;
  #closed: Promise<void> | undefined;

  private constructor(
    { host, cookieFile }: RpcServerOptions,
    endpoints: readonly HttpEndpoint[],
    cookie: Cookie | undefined,
    replaceNode: (node: AnyRpcNode) => void,
  ) {
    this.host = host;
    this.port = (endpoints[0]!.server.address() as AddressInfo).port;
    this.cookieFile = cookieFile;
    this.#endpoints = endpoints;
    this.#cookie = cookie;
    this.#replaceNode = replaceNode;
  }

  /**
   * Binds the ports, writes the cookie, serves `methods`. Throws `PierError` 'rpc-port-taken' if a port is in use,
   * 'rpc-listen-failed' if an address is not one of this machine, and 'cookie-not-written'.
   */
  static async start<N extends AnyRpcNode>(
    options: RpcServerOptions,
    node: N,
    methods: ReadonlyMap<string, Method<N>>,
  ): Promise<RpcServer> {
    const { cookieFile, password, cookieMode, hasCookie = true, connections = {}, moreEndpoints = [] } = options;
    const cookie = hasCookie ? new Cookie(cookieFile, password, cookieMode) : undefined;
    const dispatcher = new Dispatcher(node, methods);
    const rpc = new JsonRpc(dispatcher, new CallQueue(node.clock));
    const users = new RpcUsers(cookie, options.users ?? {});
    const { clock, logger } = node;
    const endpoints: HttpEndpoint[] = [];
    try {
      for (const endpoint of [options, ...moreEndpoints]) {
        const http = new HttpEndpoint(connections, { rpc, users, allows: options.allows, clock, logger });
        endpoints.push(http);
        await listen(http, endpoint);
        http.server.on('error', (error) => logger.warn({ err: error }, 'RPC connection not accepted'));
      }
      await cookie?.write();
    } catch (error) {
      await Promise.all(endpoints.map((http) => http.close(0)));
      throw error;
    }
    const server = new RpcServer(options, endpoints, cookie, (other) => dispatcher.replaceNode(other as N));
    logger.info({ host: server.host, port: server.port, cookie: cookie?.path }, 'RPC server listening');
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
    await Promise.all(this.#endpoints.map((http) => http.close(CLOSE_GRACE_MS)));
    await this.#cookie?.remove();
  }
}

async function listen({ server }: HttpEndpoint, { host, port }: { host: string; port: number }): Promise<void> {
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (error) {
    throw listenError(host, port, error as NodeJS.ErrnoException);
  }
}

/** Returns the error to throw for one of `listen`. */
function listenError(host: string, port: number, cause: NodeJS.ErrnoException): unknown {
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
