import { createServer, connect as netConnect, type Socket } from 'node:net';
import { PierError } from '../../platform/errors.ts';
import type { Endpoint } from '../net/endpoint.ts';
import { formatEndpoint } from '../net/endpoint.ts';
import type { Connection, Listener, Transport } from './connection.ts';

/** Milliseconds a connection attempt may take (Core: DEFAULT_CONNECT_TIMEOUT). */
const CONNECT_TIMEOUT_MS = 5_000;

/** Converts `::ffff:1.2.3.4`, as an IPv6 socket reports an IPv4 peer, to `1.2.3.4`. */
function plainHost(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

class TcpConnection implements Connection {
  readonly remote: Endpoint;
  readonly local: Endpoint | undefined;
  readonly inbound: boolean;
  readonly #socket: Socket;
  #error: Error | undefined;
  #closed = false;
  #corked = false;
  #onClose: ((error?: Error) => void) | undefined;

  constructor(socket: Socket, remote: Endpoint, inbound: boolean) {
    this.#socket = socket;
    this.remote = remote;
    this.inbound = inbound;
    const { localAddress, localPort } = socket;
    this.local =
      localAddress !== undefined && localPort !== undefined
        ? { host: plainHost(localAddress), port: localPort }
        : undefined;
    socket.setNoDelay(true);
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('close', () => {
      this.#closed = true;
      this.#onClose?.(this.#error);
    });
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  /** Corks the socket for the current tick, so that all messages of one tick are sent by one system call. */
  send(bytes: Uint8Array): void {
    if (!this.#socket.writable) return;
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(bytes);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#socket.on('data', listener);
  }

  onDrain(listener: () => void): void {
    this.#socket.on('drain', listener);
  }

  onClose(listener: (error?: Error) => void): void {
    this.#onClose = listener;
    if (this.#closed) queueMicrotask(() => listener(this.#error));
  }

  close(): void {
    this.#socket.destroy();
  }
}

function unreachable(endpoint: Endpoint, cause: Error): PierError {
  return new PierError('connect-failed', `cannot connect to ${formatEndpoint(endpoint)}: ${cause.message}`, { cause });
}

/** Opens and accepts TCP connections. */
export class TcpTransport implements Transport {
  connect(endpoint: Endpoint, signal?: AbortSignal): Promise<Connection> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(unreachable(endpoint, new Error('aborted')));
      const socket = netConnect({ host: endpoint.host, port: endpoint.port });
      const onAbort = () => socket.destroy(new Error('aborted'));
      const onError = (error: Error) => settle(() => reject(unreachable(endpoint, error)));
      const settle = (finish: () => void) => {
        signal?.removeEventListener('abort', onAbort);
        socket.removeAllListeners().setTimeout(0);
        // A late error without a listener would end the process.
        socket.on('error', () => {});
        finish();
      };
      socket.setTimeout(CONNECT_TIMEOUT_MS, () => socket.destroy(new Error('connection attempt timed out')));
      socket.once('error', onError);
      socket.once('connect', () => settle(() => resolve(new TcpConnection(socket, remoteOf(socket, endpoint), false))));
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  listen(endpoint: Endpoint, onConnection: (connection: Connection) => void): Promise<Listener> {
    return new Promise((resolve, reject) => {
      const server = createServer((socket) => {
        onConnection(new TcpConnection(socket, remoteOf(socket, { host: '', port: 0 }), true));
      });
      server.once('error', (error: NodeJS.ErrnoException) => {
        const taken = error.code === 'EADDRINUSE';
        reject(
          new PierError(
            taken ? 'port-taken' : 'listen-failed',
            `cannot listen at ${formatEndpoint(endpoint)}: ${taken ? 'another program uses this port' : error.message}`,
            { cause: error, ...(taken ? { hint: 'Stop that program, or choose another port.' } : {}) },
          ),
        );
      });
      server.listen({ host: endpoint.host, port: endpoint.port }, () => {
        server.removeAllListeners('error').on('error', () => {});
        const address = server.address();
        const port = typeof address === 'object' && address ? address.port : endpoint.port;
        resolve({
          endpoint: { host: endpoint.host, port },
          close: () => new Promise((done) => server.close(() => done())),
        });
      });
    });
  }
}

function remoteOf(socket: Socket, fallback: Endpoint): Endpoint {
  const { remoteAddress, remotePort } = socket;
  if (remoteAddress === undefined || remotePort === undefined) return fallback;
  return { host: plainHost(remoteAddress), port: remotePort };
}
