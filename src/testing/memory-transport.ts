import type { Endpoint } from '../p2p/net/endpoint.ts';
import { formatEndpoint } from '../p2p/net/endpoint.ts';
import type { Connection, Listener, Transport } from '../p2p/transport/connection.ts';
import type { Clock } from '../platform/clock.ts';
import { PierError } from '../platform/errors.ts';

/** The first port assigned to outbound connections, and to listeners on port 0. */
const FIRST_EPHEMERAL_PORT = 49_152;

/** The options of a `MemoryNetwork`. */
export interface MemoryNetworkOptions {
  /** Returns the one-way latency between two endpoints in milliseconds; default 0. */
  readonly latencyMs?: (from: Endpoint, to: Endpoint) => number;
}

/** One end of a connection. Bytes sent on one end arrive at the other in order, by timers of the clock. */
class MemoryConnection implements Connection {
  readonly remote: Endpoint;
  readonly local: Endpoint;
  readonly inbound: boolean;
  readonly #clock: Clock;
  readonly #latencyMs: number;
  #other!: MemoryConnection;
  #bufferedBytes = 0;
  #lastArrival = 0;
  #closed = false;
  #paused = false;
  /** Chunks that arrived but are not read yet. */
  #unread: Uint8Array[] = [];
  #onData: ((chunk: Uint8Array) => void) | undefined;
  #onDrain: (() => void) | undefined;
  #onClose: (() => void) | undefined;

  private constructor(clock: Clock, local: Endpoint, remote: Endpoint, inbound: boolean, latencyMs: number) {
    this.#clock = clock;
    this.local = local;
    this.remote = remote;
    this.inbound = inbound;
    this.#latencyMs = latencyMs;
  }

  /** Returns the two ends of a new connection: outbound, inbound. */
  static pair(clock: Clock, from: Endpoint, to: Endpoint, latencyMs: number): [MemoryConnection, MemoryConnection] {
    const outbound = new MemoryConnection(clock, from, to, false, latencyMs);
    const inbound = new MemoryConnection(clock, to, from, true, latencyMs);
    outbound.#other = inbound;
    inbound.#other = outbound;
    return [outbound, inbound];
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  send(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#bufferedBytes += bytes.length;
    this.#atOther(() => this.#other.#arrive(bytes));
  }

  /** Runs `action` when bytes sent now would arrive, but not before earlier ones. */
  #atOther(action: () => void): void {
    const now = this.#clock.now();
    this.#lastArrival = Math.max(this.#lastArrival, now + this.#latencyMs);
    this.#clock.after(this.#lastArrival - now, action);
  }

  #arrive(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#unread.push(bytes);
    this.#read();
  }

  #read(): void {
    while (!this.#paused && !this.#closed && this.#onData && this.#unread.length > 0) {
      const bytes = this.#unread.shift()!;
      this.#onData(bytes);
      this.#other.#hasLeft(bytes.length);
    }
  }

  #hasLeft(length: number): void {
    this.#bufferedBytes -= length;
    if (this.#bufferedBytes === 0 && !this.#closed) this.#onDrain?.();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#clock.after(0, () => this.#read());
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#onData = listener;
    this.#clock.after(0, () => this.#read());
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener;
  }

  onClose(listener: () => void): void {
    this.#onClose = listener;
    if (this.#closed) this.#clock.after(0, listener);
  }

  close(): void {
    if (this.#closed) return;
    this.#end();
    this.#atOther(() => this.#other.#end());
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#unread = [];
    this.#clock.after(0, () => this.#onClose?.());
  }
}

/**
 * An in-process network of nodes. With a virtual clock and seeded randomness, runs are deterministic.
 *
 * @example
 * ```ts
 * import { MemoryNetwork, VirtualClock } from 'pier/testing';
 *
 * const clock = new VirtualClock();
 * const network = new MemoryNetwork(clock, { latencyMs: () => 50 });
 * const server = { host: '10.0.0.1', port: 8333 };
 * await network.transport('10.0.0.1').listen(server, (connection) => {
 *   connection.onData((bytes) => console.log(bytes.length)); // 3
 * });
 * const connecting = network.transport('10.0.0.2').connect(server);
 * clock.advance(1_000);
 * (await connecting).send(Uint8Array.of(1, 2, 3));
 * clock.advance(1_000);
 * ```
 */
export class MemoryNetwork {
  readonly #clock: Clock;
  readonly #latencyMs: (from: Endpoint, to: Endpoint) => number;
  readonly #listeners = new Map<string, (connection: Connection) => void>();
  #nextPort = FIRST_EPHEMERAL_PORT;

  constructor(clock: Clock, options: MemoryNetworkOptions = {}) {
    this.#clock = clock;
    this.#latencyMs = options.latencyMs ?? (() => 0);
  }

  /** Returns the transport of a machine with the address `host`. */
  transport(host = '127.0.0.1'): Transport {
    return {
      connect: (endpoint, signal) => this.#connect({ host, port: this.#ephemeralPort() }, endpoint, signal),
      listen: async (endpoint, onConnection) => this.#listen(endpoint, onConnection),
    };
  }

  #ephemeralPort(): number {
    return this.#nextPort++;
  }

  #connect(from: Endpoint, to: Endpoint, signal: AbortSignal | undefined): Promise<Connection> {
    const latencyMs = this.#latencyMs(from, to);
    return new Promise((resolve, reject) => {
      this.#clock.after(latencyMs, () => {
        const accept = this.#listeners.get(formatEndpoint(to));
        if (!accept || signal?.aborted) {
          reject(new PierError('connect-failed', `cannot connect to ${formatEndpoint(to)}: refused`));
          return;
        }
        const [outbound, inbound] = MemoryConnection.pair(this.#clock, from, to, latencyMs);
        accept(inbound);
        resolve(outbound);
      });
    });
  }

  #listen(endpoint: Endpoint, onConnection: (connection: Connection) => void): Listener {
    const bound = { host: endpoint.host, port: endpoint.port === 0 ? this.#ephemeralPort() : endpoint.port };
    const key = formatEndpoint(bound);
    if (this.#listeners.has(key)) throw new PierError('port-taken', `cannot listen on ${key}: address in use`);
    this.#listeners.set(key, onConnection);
    return {
      endpoint: bound,
      close: async () => {
        this.#listeners.delete(key);
      },
    };
  }
}
