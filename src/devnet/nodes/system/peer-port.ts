import { LOOPBACK } from '../../../node/config.ts';
import type { Endpoint } from '../../../p2p/net/endpoint.ts';
import type { Connection, Listener, Transport } from '../../../p2p/transport/connection.ts';
import { TcpTransport } from '../../../p2p/transport/tcp-transport.ts';
import type { PeerListener } from '../node-ports.ts';

/** A TCP connection that can be held back, as if its node's process were stopped. */
class HeldConnection implements Connection {
  readonly #inner: Connection;
  readonly #closed: () => void;
  readonly #unsent: Uint8Array[] = [];
  #isHeld: boolean;
  /** Whether the node itself holds its peer back. */
  #isPaused = false;

  /** `closed` is called when no call has an effect any more. */
  constructor(inner: Connection, isHeld: boolean, closed: (connection: HeldConnection) => void) {
    this.#inner = inner;
    this.#isHeld = isHeld;
    this.#closed = () => closed(this);
    if (isHeld) inner.pause();
  }

  get remote(): Endpoint {
    return this.#inner.remote;
  }

  get local(): Endpoint | undefined {
    return this.#inner.local;
  }

  get inbound(): boolean {
    return this.#inner.inbound;
  }

  get bufferedBytes(): number {
    return this.#unsent.reduce((sum, { length }) => sum + length, this.#inner.bufferedBytes);
  }

  set isHeld(isHeld: boolean) {
    this.#isHeld = isHeld;
    this.#flow();
    if (!isHeld) for (const bytes of this.#unsent.splice(0)) this.#inner.send(bytes);
  }

  send(bytes: Uint8Array): void {
    if (this.#isHeld) this.#unsent.push(bytes);
    else this.#inner.send(bytes);
  }

  pause(): void {
    this.#isPaused = true;
    this.#flow();
  }

  resume(): void {
    this.#isPaused = false;
    this.#flow();
  }

  #flow(): void {
    if (this.#isHeld || this.#isPaused) this.#inner.pause();
    else this.#inner.resume();
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#inner.onData(listener);
  }

  onDrain(listener: () => void): void {
    this.#inner.onDrain(listener);
  }

  onClose(listener: (error?: Error) => void): void {
    this.#inner.onClose((error) => {
      this.#closed();
      listener(error);
    });
  }

  close(): void {
    this.#closed();
    this.#inner.close();
  }
}

/**
 * The TCP port of a node in this process: peers of other programs connect to it, and the node connects to them. It stays
 * the same as long as the network exists.
 */
export class PeerPort implements PeerListener {
  readonly #requestedPort: number;
  readonly #tcp = new TcpTransport();
  readonly #connections = new Set<HeldConnection>();
  #port: number | undefined;
  #isHeld = false;

  /** `port` 0: any free port. */
  constructor(port: number) {
    this.#requestedPort = port;
  }

  /** Where it accepts peers; undefined before the first start. */
  get endpoint(): Endpoint | undefined {
    return this.#port === undefined ? undefined : { host: LOOPBACK, port: this.#port };
  }

  /** Returns a transport that listens at `links` and at the port, and reaches by TCP what is not `isLinked`. */
  transport(links: Transport, isLinked: (endpoint: Endpoint) => boolean): Transport {
    return {
      connect: async (endpoint, signal) => {
        if (isLinked(endpoint)) return links.connect(endpoint, signal);
        return this.#hold(await this.#tcp.connect(endpoint, signal));
      },
      listen: async (endpoint, onConnection) => {
        const inner = await links.listen(endpoint, onConnection);
        try {
          const outer = await this.#listen(onConnection);
          const close = async () => void (await Promise.all([inner.close(), outer.close()]));
          return { endpoint: inner.endpoint, close };
        } catch (error) {
          await inner.close();
          throw error;
        }
      },
    };
  }

  async #listen(onConnection: (connection: Connection) => void): Promise<Listener> {
    const endpoint = { host: LOOPBACK, port: this.#port ?? this.#requestedPort };
    const listener = await this.#tcp.listen(endpoint, (connection) => onConnection(this.#hold(connection)));
    this.#port = listener.endpoint.port;
    return listener;
  }

  #hold(connection: Connection): Connection {
    const held = new HeldConnection(connection, this.#isHeld, (closed) => this.#connections.delete(closed));
    this.#connections.add(held);
    return held;
  }

  /** Holds back everything that is sent and received, until `resume`. */
  pause(): void {
    this.#setHeld(true);
  }

  resume(): void {
    this.#setHeld(false);
  }

  #setHeld(isHeld: boolean): void {
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    for (const connection of this.#connections) connection.isHeld = isHeld;
  }
}
