import { createServer, connect as netConnect, Socket, type SocketConstructorOpts } from 'node:net';
import { PierError } from '../../platform/errors.ts';
import type { Endpoint } from '../net/endpoint.ts';
import { formatEndpoint } from '../net/endpoint.ts';
import { ioBlocks } from './block-pool.ts';
import type { Connection, Listener, Transport } from './connection.ts';

/** Milliseconds a connection attempt may take (Core: DEFAULT_CONNECT_TIMEOUT). */
const CONNECT_TIMEOUT_MS = 5_000;

/** Converts `::ffff:1.2.3.4`, as an IPv6 socket reports an IPv4 peer, to `1.2.3.4`. */
function plainHost(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** The memory that all sockets read into. */
const readBuffer = new Uint8Array(64 * 1024);

/**
 * Receives what a socket reads. Without it a socket allocates 64 kB for each read, which become garbage at once.
 */
class SocketReader {
  /** The options of the socket. */
  readonly onread = {
    buffer: readBuffer,
    callback: (length: number): boolean => {
      this.#received(readBuffer.subarray(0, length));
      return true;
    },
  };
  #listener: ((chunk: Uint8Array) => void) | undefined;
  /** Chunks that came before there was a listener. */
  #early: Uint8Array[] = [];

  /** Sets the listener, which may use a chunk only until it returns. */
  listen(listener: (chunk: Uint8Array) => void): void {
    this.#listener = listener;
    for (const chunk of this.#early.splice(0)) listener(chunk);
  }

  #received(chunk: Uint8Array): void {
    if (this.#listener) this.#listener(chunk);
    else this.#early.push(chunk.slice());
  }
}

/** Bytes up to which a message is copied into one piece with its neighbours. */
const SHORT = 16 * 1024;

class TcpConnection implements Connection {
  readonly remote: Endpoint;
  readonly local: Endpoint | undefined;
  readonly inbound: boolean;
  readonly #socket: Socket;
  readonly #reader: SocketReader;
  #error: Error | undefined;
  #closed = false;
  /** Short messages of this tick that are not written yet, in a block of `ioBlocks`. */
  #block: Uint8Array | undefined;
  /** Bytes in `#block`. */
  #filled = 0;
  #isCorked = false;
  #onClose: ((error?: Error) => void) | undefined;

  constructor(socket: Socket, reader: SocketReader, remote: Endpoint, inbound: boolean) {
    this.#socket = socket;
    this.#reader = reader;
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
    return this.#socket.writableLength + this.#filled;
  }

  /** Collects what one tick sends, short messages in one piece: a piece costs far more than the bytes of a message. */
  send(bytes: Uint8Array): void {
    if (!this.#socket.writable) return;
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.#socket.cork();
      process.nextTick(() => this.#uncork());
    }
    const isShort = bytes.length <= SHORT;
    if (!isShort || this.#filled + bytes.length > ioBlocks.blockSize) this.#writeBlock();
    if (isShort) this.#append(bytes);
    else this.#socket.write(bytes);
  }

  #append(bytes: Uint8Array): void {
    this.#block ??= ioBlocks.take();
    this.#block.set(bytes, this.#filled);
    this.#filled += bytes.length;
  }

  #writeBlock(): void {
    const block = this.#block;
    if (!block) return;
    const bytes = block.subarray(0, this.#filled);
    this.#block = undefined;
    this.#filled = 0;
    // The callback is called in any case, also if the socket is destroyed before.
    if (this.#socket.writable) this.#socket.write(bytes, () => ioBlocks.give(block));
    else ioBlocks.give(block);
  }

  #uncork(): void {
    this.#writeBlock();
    this.#isCorked = false;
    this.#socket.uncork();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#reader.listen(listener);
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

/** A socket with the field that holds its connection in all versions of Node.js. */
interface SocketWithHandle {
  _handle: unknown;
}

/**
 * Returns a socket for an accepted, paused connection that reads with `reader`. A server has no option for it, so the
 * connection is moved to a new socket.
 */
function readingWith(reader: SocketReader, accepted: Socket): Socket {
  const from = accepted as unknown as SocketWithHandle;
  const handle = from._handle;
  from._handle = null;
  // For the server this connection is closed.
  accepted.destroy();
  return new Socket({ handle, onread: reader.onread } as SocketConstructorOpts);
}

/** Opens and accepts TCP connections. */
export class TcpTransport implements Transport {
  connect(endpoint: Endpoint, signal?: AbortSignal): Promise<Connection> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(unreachable(endpoint, new Error('aborted')));
      const reader = new SocketReader();
      const socket = netConnect({ host: endpoint.host, port: endpoint.port, onread: reader.onread });
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
      socket.once('connect', () =>
        settle(() => resolve(new TcpConnection(socket, reader, remoteOf(socket, endpoint), false))),
      );
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  listen(endpoint: Endpoint, onConnection: (connection: Connection) => void): Promise<Listener> {
    return new Promise((resolve, reject) => {
      const server = createServer({ pauseOnConnect: true }, (accepted) => {
        const reader = new SocketReader();
        const socket = readingWith(reader, accepted);
        onConnection(new TcpConnection(socket, reader, remoteOf(socket, { host: '', port: 0 }), true));
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
