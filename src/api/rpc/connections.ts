import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../platform/clock.ts';

/** Connections in total. */
export const MAX_CONNECTIONS = 512;
/** Share of connections that have not presented credentials; the rest of the places is for those that have. */
const ANONYMOUS_SHARE = 1 / 4;
/** Milliseconds that a connection may take to present credentials. */
const ANONYMOUS_MS = 10_000;

/** Limits of `Connections`, where they differ from the default. */
export interface ConnectionLimits {
  readonly total?: number;
}

/**
 * Decides which connections of the RPC port stay open. Without credentials a connection lasts some seconds, and when
 * there are too many, the oldest is closed, so that connections that are held open cannot shut out other callers. With credentials, a connection that
 * is idle between requests makes room for a new one, the longest idle first.
 */
export class Connections {
  readonly #clock: Clock;
  readonly #total: number;
  readonly #maxAnonymous: number;
  /** Connections without credentials and the end of their time, oldest first. */
  readonly #anonymous = new Map<Socket, Timer>();
  /** Connections with credentials that no request is in progress on, longest idle first. */
  readonly #idle = new Set<Socket>();
  readonly #busy = new Set<Socket>();
  #isTrimming = false;

  constructor(clock: Clock, limits: ConnectionLimits = {}) {
    this.#clock = clock;
    this.#total = limits.total ?? MAX_CONNECTIONS;
    this.#maxAnonymous = Math.ceil(this.#total * ANONYMOUS_SHARE);
  }

  /** Number of open connections. */
  get size(): number {
    return this.#anonymous.size + this.#idle.size + this.#busy.size;
  }

  /** Adds a new connection. */
  add(socket: Socket): void {
    this.#anonymous.set(
      socket,
      this.#clock.after(ANONYMOUS_MS, () => socket.destroy()),
    );
    socket.once('close', () => this.#remove(socket));
    if (this.size > 2 * this.#total) socket.destroy();
    else if (!this.#isTrimming && this.#isCrowded) {
      this.#isTrimming = true;
      // In the next turn but one: credentials that have arrived by now are then read.
      setImmediate(() => setImmediate(() => this.#trim()));
    }
  }

  /** Notes that a request with credentials begins on a connection. */
  begin(socket: Socket): void {
    this.#anonymous.get(socket)?.cancel();
    this.#anonymous.delete(socket);
    this.#idle.delete(socket);
    if (!socket.destroyed) this.#busy.add(socket);
  }

  /** Notes that the request on a connection has been answered. */
  end(socket: Socket): void {
    if (this.#busy.delete(socket)) this.#idle.add(socket);
  }

  /** Closes all connections that no request is in progress on. */
  closeIdle(): void {
    for (const socket of [...this.#anonymous.keys(), ...this.#idle]) socket.destroy();
  }

  get #isCrowded(): boolean {
    return this.#anonymous.size > this.#maxAnonymous || this.size > this.#total;
  }

  #trim(): void {
    this.#isTrimming = false;
    while (this.#isCrowded) {
      const [oldest] = this.#anonymous.keys();
      const [longestIdle] = this.#idle;
      const victim = this.#anonymous.size > this.#maxAnonymous ? oldest : (longestIdle ?? oldest);
      if (!victim) return;
      this.#remove(victim);
      victim.destroy();
    }
  }

  #remove(socket: Socket): void {
    this.#anonymous.get(socket)?.cancel();
    this.#anonymous.delete(socket);
    this.#idle.delete(socket);
    this.#busy.delete(socket);
  }
}
