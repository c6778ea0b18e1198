import type { Endpoint } from '../p2p/net/endpoint.ts';
import { formatEndpoint } from '../p2p/net/endpoint.ts';
import type { Connection, Listener, Transport } from '../p2p/transport/connection.ts';
import type { Clock } from '../platform/clock.ts';
import { PierError } from '../platform/errors.ts';
import { deliveryMs, idealLink, type LinkConditions, transmissionMs } from './link-conditions.ts';
import { SeededRandom } from './seeded-random.ts';

/** The first port assigned to outbound connections, and to listeners on port 0. */
const FIRST_EPHEMERAL_PORT = 49_152;

/** The options of a `MemoryNetwork`. */
export interface MemoryNetworkOptions {
  /** Returns the one-way latency between two endpoints in milliseconds; default 0. */
  readonly latencyMs?: (from: Endpoint, to: Endpoint) => number;
  /** Returns how the link between two hosts carries bytes now; undefined if there is none. Default: `latencyMs` alone. */
  readonly conditions?: (from: Endpoint, to: Endpoint) => LinkConditions | undefined;
  /** Decides about jitter and loss; default: seeded with 1. */
  readonly random?: SeededRandom;
}

/** What connections ask of their network. */
interface Fabric {
  readonly clock: Clock;
  /** Returns how the link carries bytes now; undefined if it is cut. */
  conditions(from: Endpoint, to: Endpoint): LinkConditions | undefined;
  /** Returns a number from 0 to below 1. */
  random(): number;
  /** Runs `action` now, or once neither host is paused. */
  deliver(from: Endpoint, to: Endpoint, action: () => void): void;
  closed(connection: MemoryConnection): void;
}

/** Bytes on their way, or the end of the connection. */
interface Parcel {
  readonly action: () => void;
  hasArrived: boolean;
}

/** One end of a connection. Bytes sent on one end arrive at the other in order, by timers of the clock. */
class MemoryConnection implements Connection {
  readonly remote: Endpoint;
  readonly local: Endpoint;
  readonly inbound: boolean;
  readonly #fabric: Fabric;
  #other!: MemoryConnection;
  #bufferedBytes = 0;
  /** Monotonic milliseconds at which the link has transmitted everything sent, and at which it arrives. */
  #lastSent = 0;
  #lastArrival = 0;
  /** Sent and not delivered, in this order. */
  readonly #onTheWay: Parcel[] = [];
  #closed = false;
  #paused = false;
  /** Chunks that arrived but are not read yet. */
  #unread: Uint8Array[] = [];
  #onData: ((chunk: Uint8Array) => void) | undefined;
  #onDrain: (() => void) | undefined;
  #onClose: (() => void) | undefined;

  private constructor(fabric: Fabric, local: Endpoint, remote: Endpoint, inbound: boolean) {
    this.#fabric = fabric;
    this.local = local;
    this.remote = remote;
    this.inbound = inbound;
  }

  /** Returns the two ends of a new connection: outbound, inbound. */
  static pair(fabric: Fabric, from: Endpoint, to: Endpoint): [MemoryConnection, MemoryConnection] {
    const outbound = new MemoryConnection(fabric, from, to, false);
    const inbound = new MemoryConnection(fabric, to, from, true);
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
    this.#atOther(bytes.length, () => this.#other.#arrive(bytes));
  }

  /** Runs `action` when `length` bytes sent now would arrive, but not before earlier ones. */
  #atOther(length: number, action: () => void): void {
    const { clock, conditions, random } = this.#fabric;
    const now = clock.monotonic();
    const link = conditions(this.local, this.remote) ?? idealLink;
    this.#lastSent = Math.max(this.#lastSent, now) + transmissionMs(link, length);
    this.#lastArrival = Math.max(this.#lastArrival, this.#lastSent + deliveryMs(link, length, random));
    const parcel = { action, hasArrived: false };
    this.#onTheWay.push(parcel);
    clock.after(this.#lastArrival - now, () => this.#deliverUntil(parcel));
  }

  /** Delivers what was sent up to a parcel. Timers of nearly the same time may fire in any order: those of the system round it. */
  #deliverUntil(last: Parcel): void {
    while (!last.hasArrived) {
      const next = this.#onTheWay.shift()!;
      next.hasArrived = true;
      this.#fabric.deliver(this.local, this.remote, next.action);
    }
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
    this.#fabric.clock.after(0, () => this.#read());
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#onData = listener;
    this.#fabric.clock.after(0, () => this.#read());
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener;
  }

  onClose(listener: () => void): void {
    this.#onClose = listener;
    if (this.#closed) this.#fabric.clock.after(0, listener);
  }

  close(): void {
    if (this.#closed) return;
    this.#end();
    this.#atOther(0, () => this.#other.#end());
  }

  /** Closes both ends at once, as when the link is cut. */
  cut(): void {
    this.#end();
    this.#other.#end();
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#unread = [];
    this.#fabric.closed(this);
    this.#fabric.clock.after(0, () => this.#onClose?.());
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
  readonly #fabric: Fabric;
  readonly #listeners = new Map<string, (connection: Connection) => void>();
  /** Outbound ends of open connections. */
  readonly #connections = new Set<MemoryConnection>();
  readonly #paused = new Set<string>();
  /** Deliveries that wait for paused hosts, in order. */
  #held: { readonly from: Endpoint; readonly to: Endpoint; readonly action: () => void }[] = [];
  #nextPort = FIRST_EPHEMERAL_PORT;

  constructor(clock: Clock, options: MemoryNetworkOptions = {}) {
    const { latencyMs = () => 0, random = new SeededRandom(1) } = options;
    this.#fabric = {
      clock,
      conditions: options.conditions ?? ((from, to) => ({ ...idealLink, latency: latencyMs(from, to) })),
      random: () => random.uint32() / 2 ** 32,
      deliver: (from, to, action) => this.#deliver(from, to, action),
      closed: (connection) => this.#connections.delete(connection),
    };
  }

  /** Returns the transport of a machine with the address `host`. */
  transport(host = '127.0.0.1'): Transport {
    return {
      connect: (endpoint, signal) => this.#connect({ host, port: this.#ephemeralPort() }, endpoint, signal),
      listen: async (endpoint, onConnection) => this.#listen(endpoint, onConnection),
    };
  }

  /** Closes the connections whose link is cut. */
  closeCut(): void {
    for (const connection of this.#connections) {
      if (!this.#fabric.conditions(connection.local, connection.remote)) connection.cut();
    }
  }

  /** Holds back everything that `host` sends or is sent, as if its process were stopped. */
  pause(host: string): void {
    this.#paused.add(host);
  }

  /** Delivers what `pause` has held back. */
  resume(host: string): void {
    this.#paused.delete(host);
    const held = this.#held;
    this.#held = [];
    for (const { from, to, action } of held) this.#deliver(from, to, action);
  }

  #deliver(from: Endpoint, to: Endpoint, action: () => void): void {
    if (this.#paused.has(from.host) || this.#paused.has(to.host)) this.#held.push({ from, to, action });
    else action();
  }

  #ephemeralPort(): number {
    return this.#nextPort++;
  }

  #connect(from: Endpoint, to: Endpoint, signal: AbortSignal | undefined): Promise<Connection> {
    const { clock, conditions, random } = this.#fabric;
    const link = conditions(from, to);
    return new Promise((resolve, reject) => {
      const accept = () => {
        const listener = conditions(from, to) && this.#listeners.get(formatEndpoint(to));
        if (!listener || signal?.aborted) {
          reject(new PierError('connect-failed', `cannot connect to ${formatEndpoint(to)}: refused`));
          return;
        }
        const [outbound, inbound] = MemoryConnection.pair(this.#fabric, from, to);
        this.#connections.add(outbound);
        listener(inbound);
        resolve(outbound);
      };
      clock.after(deliveryMs(link ?? idealLink, 0, random), () => this.#deliver(from, to, accept));
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
