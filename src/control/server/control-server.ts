import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { WebSocketServer } from 'ws';
import { LOOPBACK } from '../../node/config.ts';
import { PierError } from '../../platform/errors.ts';
import type { MethodName } from '../protocol/methods.ts';
import { socketChannel } from '../protocol/socket-channel.ts';
import { SUBPROTOCOL, TOKEN_PREFIX } from '../protocol/subprotocol.ts';
import type { ControlService } from './control-service.ts';
import { answer, ControlSession } from './control-session.ts';
import { PageFiles } from './page-files.ts';

/** The first port that a server tries. */
export const CONTROL_PORT = 8300;
/** Ports that it tries. */
const TRIED_PORTS = 100;
/** Bytes of a request. */
const MAX_REQUEST = 4 << 20;
/** Clients at a time. */
const MAX_CLIENTS = 64;
/** Connections at a time, of clients and of those that have not shown the token. */
const MAX_CONNECTIONS = 256;

/** Why a request is refused. */
interface Refusal {
  readonly status: number;
  readonly reason: string;
}

/** What a `ControlServer` is created with. */
export interface ControlServerOptions {
  /** 0 for any; undefined for the first free one from 8300. */
  readonly port?: number | undefined;
  /** What clients must know: hexadecimal digits. */
  readonly token: string;
}

/**
 * Serves the control protocol on 127.0.0.1: over WebSocket, and over HTTP POST without subscriptions. A client shows the
 * token in the header `Authorization: Bearer TOKEN`; a page, which cannot set it, by the WebSocket subprotocol
 * `token.TOKEN` besides `pier-control`. Requests with another Host or Origin than its own are refused, and all before
 * `serve`. The files of the live page are served to all, over HTTP GET.
 */
export class ControlServer {
  readonly port: number;
  readonly #token: string;
  #service: Pick<ControlService, 'handle' | 'events'> | undefined;
  readonly #http: Server;
  readonly #sockets: WebSocketServer;
  readonly #page = new PageFiles();

  private constructor(token: string, http: Server, sockets: WebSocketServer) {
    this.port = (http.address() as AddressInfo).port;
    this.#token = token;
    this.#http = http;
    this.#sockets = sockets;
    // The client of a request that fails has gone.
    http.on('request', (request, response) => void this.#requested(request, response).catch(() => {}));
    http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket as Socket, head));
  }

  /** Where clients connect to. */
  get url(): string {
    return `ws://${LOOPBACK}:${this.port}/`;
  }

  /** Listens. Throws `PierError` 'port-in-use' and 'no-free-port'. */
  static async listen({ port, token }: ControlServerOptions): Promise<ControlServer> {
    const { WebSocketServer } = await import('ws');
    const http = createServer({ maxHeaderSize: 16 << 10 });
    http.maxConnections = MAX_CONNECTIONS;
    if (port === undefined) await listenOnFreePort(http);
    else if (!(await tryListen(http, port))) {
      const message = `the control server: port ${port} of ${LOOPBACK} is in use by another program`;
      throw new PierError('port-in-use', message, { hint: 'Choose another port.' });
    }
    const sockets = new WebSocketServer({
      ...{ noServer: true, maxPayload: MAX_REQUEST, perMessageDeflate: false },
      handleProtocols: (protocols) => protocols.has(SUBPROTOCOL) && SUBPROTOCOL,
    });
    return new ControlServer(token, http, sockets);
  }

  /** Begins to answer requests. */
  serve(service: Pick<ControlService, 'handle' | 'events'>): void {
    this.#service = service;
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    for (const client of this.#sockets.clients) client.close(1001, 'the network is closed');
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()));
    this.#http.closeAllConnections();
    for (const client of this.#sockets.clients) client.terminate();
    await closed;
  }

  /** Returns why a request is refused; undefined if it is not. */
  #refusal(request: IncomingMessage): Refusal | undefined {
    const foreign = this.#foreignness(request);
    if (foreign) return foreign;
    const { authorization } = request.headers;
    const shown = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1] ?? protocolToken(request);
    if (shown === undefined || !isEqual(shown, this.#token)) {
      return { status: 401, reason: 'the token is missing or wrong' };
    }
    if (!this.#service) return { status: 425, reason: 'the network is being created' };
    return undefined;
  }

  /** Returns why a request is not one of a program or page of this machine. */
  #foreignness(request: IncomingMessage): Refusal | undefined {
    const own = ['127.0.0.1', 'localhost', '[::1]'].map((host) => `${host}:${this.port}`);
    const { host, origin } = request.headers;
    // A page of another site, or of a name that leads here: DNS rebinding.
    if (host === undefined || !own.includes(host)) return { status: 403, reason: 'the Host is another one' };
    if (origin !== undefined && !own.some((each) => origin === `http://${each}`)) {
      return { status: 403, reason: 'the Origin is another one' };
    }
    return undefined;
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on('error', () => {});
    const refusal =
      this.#refusal(request) ??
      (this.#sockets.clients.size >= MAX_CLIENTS ? { status: 503, reason: 'too many clients' } : undefined);
    if (refusal) {
      const { status, reason } = refusal;
      socket.end(
        `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: ${reason.length}\r\n\r\n${reason}`,
      );
      return;
    }
    const { handle, events } = this.#service!;
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      new ControlSession(socketChannel(webSocket), handle, events);
    });
  }

  async #requested(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = (status: number, body: string, type = 'text/plain') => {
      response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(body);
    };
    const isPage = request.method === 'GET' || request.method === 'HEAD';
    const refusal = isPage ? this.#foreignness(request) : this.#refusal(request);
    if (refusal) return reply(refusal.status, refusal.reason);
    if (isPage) return this.#page.serve(request, response, this.port);
    if (request.method !== 'POST') return reply(405, 'requests are sent by POST, or over WebSocket');
    const left = new AbortController();
    response.once('close', () => left.abort());
    const text = await readText(request);
    if (text === undefined) return reply(413, `a request has at most ${MAX_REQUEST} bytes`);
    const answered = await answer(text, async (method: MethodName, params) => {
      if (method === 'subscribe' || method === 'unsubscribe') {
        throw new PierError('no-subscriptions', `${method} needs a WebSocket`);
      }
      return this.#service!.handle(method, params as never, left.signal);
    });
    if (answered) reply(200, JSON.stringify(answered), 'application/json');
    else reply(204, '');
  }
}

/** Returns the token among the subprotocols that a page offers. */
function protocolToken({ headers }: IncomingMessage): string | undefined {
  const offered = headers['sec-websocket-protocol']?.split(',').map((each) => each.trim()) ?? [];
  return offered.find((each) => each.startsWith(TOKEN_PREFIX))?.slice(TOKEN_PREFIX.length);
}

/** Compares in a time that does not depend on where they differ. */
function isEqual(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** Returns the body of a request; undefined if it is too long: the rest is read and dropped, so that the reply arrives. */
function readText(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= MAX_REQUEST) chunks.push(chunk);
      else chunks.length = 0;
    });
    request.once('end', () => resolve(length > MAX_REQUEST ? undefined : Buffer.concat(chunks).toString()));
    request.once('error', reject);
  });
}

/** Listens on a port. Returns whether it is free. */
function tryListen(http: Server, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    };
    http.once('error', onError);
    http.listen(port, LOOPBACK, () => {
      http.off('error', onError);
      resolve(true);
    });
  });
}

/** Listens on the first free port from 8300. Throws `PierError` 'no-free-port'. */
async function listenOnFreePort(http: Server): Promise<void> {
  for (let port = CONTROL_PORT; port < CONTROL_PORT + TRIED_PORTS; port++) if (await tryListen(http, port)) return;
  throw new PierError('no-free-port', `no port from ${CONTROL_PORT} to ${CONTROL_PORT + TRIED_PORTS - 1} is free`);
}
