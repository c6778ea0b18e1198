import type { AddressInfo } from 'node:net';
import { createServer, type Server, Socket } from 'node:net';
import { LOOPBACK } from '../../node/config.ts';
import type { Endpoint } from '../../p2p/net/endpoint.ts';
import type { Clock, Timer } from '../../platform/clock.ts';
import { deliveryMs, type LinkConditions, transmissionMs } from '../../testing/link-conditions.ts';

/** Bytes on the way in one direction above which no more are read. */
const MAX_BYTES_ON_THE_WAY = 4 << 20;

/** What a `LinkRelay` needs. */
export interface LinkRelayOptions {
  readonly clock: Clock;
  /** Returns where the connections go. */
  target(): Endpoint;
  /** Returns how the link carries bytes now; undefined if it is cut. */
  conditions(): LinkConditions | undefined;
  /** Returns a number from 0 to below 1. */
  random(): number;
  /** Called with the local port of a connection to the target, which gets no byte before the promise resolves. */
  opened?(port: number): Promise<void>;
  /** Called when such a connection is closed. */
  closed?(port: number): void;
}

/** A link between two processes: a port of this machine whose connections are relayed to another, as conditions say. */
export class LinkRelay {
  readonly endpoint: Endpoint;
  readonly #options: LinkRelayOptions;
  readonly #server: Server;
  readonly #pairs = new Set<RelayedConnection>();

  private constructor(options: LinkRelayOptions, server: Server) {
    this.#options = options;
    this.#server = server;
    this.endpoint = { host: LOOPBACK, port: (server.address() as AddressInfo).port };
    server.on('connection', (inbound) => this.#accept(inbound));
  }

  /** Listens on a free port. */
  static listen(options: LinkRelayOptions): Promise<LinkRelay> {
    // `allowHalfOpen`: what one end still has to say arrives after the other has finished.
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, LOOPBACK, () => resolve(new LinkRelay(options, server)));
    });
  }

  /** Number of open connections. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** Bytes that have been sent and have not arrived. */
  get bytesOnTheWay(): number {
    let bytes = 0;
    for (const pair of this.#pairs) bytes += pair.bytesOnTheWay;
    return bytes;
  }

  /** Returns whether one of its connections to the target comes from a port. */
  hasOutgoing(port: number): boolean {
    for (const pair of this.#pairs) if (pair.outgoingPort === port) return true;
    return false;
  }

  /** Closes the connections if the link is cut. */
  closeCut(): void {
    if (this.#options.conditions() !== undefined) return;
    for (const pair of this.#pairs) pair.destroy();
  }

  /** Closes the connections and the port. */
  close(): Promise<void> {
    for (const pair of this.#pairs) pair.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #accept(inbound: Socket): void {
    if (this.#options.conditions() === undefined) {
      inbound.destroy();
      return;
    }
    const pair = new RelayedConnection(inbound, this.#options, () => this.#pairs.delete(pair));
    this.#pairs.add(pair);
  }
}

/** One connection over a link, with an end at each node. */
class RelayedConnection {
  readonly #ends: readonly [Socket, Socket];
  readonly #directions: readonly [Direction, Direction];
  readonly #closed: () => void;

  constructor(inbound: Socket, options: LinkRelayOptions, closed: () => void) {
    const { host, port } = options.target();
    const outbound = new Socket({ allowHalfOpen: true });
    outbound.setNoDelay(true);
    outbound.connect(port, host);
    this.#ends = [inbound, outbound];
    this.#directions = [new Direction(inbound, outbound, options), new Direction(outbound, inbound, options)];
    const [toTarget] = this.#directions;
    let localPort: number | undefined;
    if (options.opened) toTarget.hold();
    outbound.once('connect', () => {
      localPort = outbound.localPort!;
      options.opened?.(localPort).then(
        () => toTarget.release(),
        () => this.destroy(),
      );
    });
    this.#closed = () => {
      if (localPort !== undefined) options.closed?.(localPort);
      localPort = undefined;
      closed();
    };
    for (const end of this.#ends) {
      // `close` follows.
      end.on('error', () => {});
      end.once('close', (hadError) => {
        for (const direction of this.#directions) if (hadError || direction.to === end) direction.stop();
        if (hadError) this.destroy();
        else if (this.#ends.every(({ destroyed }) => destroyed)) this.#closed();
      });
    }
  }

  /** The port from which it reaches the target; undefined before it does. */
  get outgoingPort(): number | undefined {
    return this.#ends[1].localPort;
  }

  get bytesOnTheWay(): number {
    return this.#directions[0].bytes + this.#directions[1].bytes;
  }

  destroy(): void {
    for (const direction of this.#directions) direction.stop();
    for (const end of this.#ends) end.destroy();
    this.#closed();
  }
}

/** Carries what one end sends to the other. */
class Direction {
  readonly to: Socket;
  readonly #from: Socket;
  readonly #options: LinkRelayOptions;
  /** Chunks on the way, with the monotonic milliseconds of their arrival; undefined: the end. */
  #onTheWay: { readonly at: number; readonly chunk: Uint8Array | undefined }[] = [];
  /** Bytes on the way. */
  bytes = 0;
  /** Monotonic milliseconds at which the link has transmitted everything sent, and at which it arrives. */
  #lastSent = 0;
  #lastArrival = 0;
  #timer: Timer | undefined;
  #isHeld = false;

  constructor(from: Socket, to: Socket, options: LinkRelayOptions) {
    this.#from = from;
    this.to = to;
    this.#options = options;
    from.on('data', (chunk) => this.#send(chunk));
    from.on('end', () => this.#send(undefined));
    to.on('drain', () => this.#readOn());
  }

  /** Lets nothing arrive until `release`. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#deliver();
  }

  /** Drops what is on the way. */
  stop(): void {
    this.#timer?.cancel();
    this.#onTheWay = [];
    this.bytes = 0;
  }

  #send(chunk: Uint8Array | undefined): void {
    const { clock, conditions, random } = this.#options;
    const link = conditions();
    if (!link) return;
    const now = clock.monotonic();
    const bytes = chunk?.length ?? 0;
    this.#lastSent = Math.max(now, this.#lastSent) + transmissionMs(link, bytes);
    // In order: not before what was sent earlier.
    this.#lastArrival = Math.max(this.#lastArrival, this.#lastSent + deliveryMs(link, bytes, random));
    this.#onTheWay.push({ at: this.#lastArrival, chunk });
    this.bytes += bytes;
    if (this.bytes > MAX_BYTES_ON_THE_WAY) this.#from.pause();
    if (this.#onTheWay.length === 1) this.#deliver();
  }

  #deliver(): void {
    if (this.#isHeld) return;
    const now = this.#options.clock.monotonic();
    let arrived = 0;
    for (const { at, chunk } of this.#onTheWay) {
      if (at > now) break;
      arrived++;
      this.bytes -= chunk?.length ?? 0;
      if (!chunk) this.to.end();
      else if (!this.to.write(chunk)) this.#from.pause();
    }
    this.#onTheWay.splice(0, arrived);
    this.#readOn();
    const [next] = this.#onTheWay;
    if (next) this.#timer = this.#options.clock.after(Math.max(1, next.at - now), () => this.#deliver());
  }

  #readOn(): void {
    if (this.bytes <= MAX_BYTES_ON_THE_WAY && !this.to.writableNeedDrain) this.#from.resume();
  }
}
