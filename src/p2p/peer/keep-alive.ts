import type { Clock } from '../../platform/clock.ts';
import type { Random } from '../../platform/random.ts';

/** Milliseconds between pings (Core: PING_INTERVAL). */
const PING_INTERVAL_MS = 2 * 60_000;
/** Milliseconds a peer may take to answer a ping (Core: TIMEOUT_INTERVAL). */
const PING_TIMEOUT_MS = 20 * 60_000;

/** Returns a random uint64 other than 0, which means no nonce. */
export function randomNonce(random: Random): bigint {
  for (;;) {
    const bytes = random.bytes(8);
    const nonce = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
    if (nonce !== 0n) return nonce;
  }
}

/** Pings a peer to detect a dead connection and to measure its round-trip time. */
export class KeepAlive {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #sendPing: (nonce: bigint) => void;
  /** Nonce of the outstanding ping. */
  #nonce: bigint | undefined;
  #sentAt: number | undefined;
  #isRequested = false;
  /** Milliseconds of the last round trip. */
  lastMs: number | undefined;
  /** Milliseconds of the shortest round trip. */
  bestMs: number | undefined;

  constructor(clock: Clock, random: Random, sendPing: (nonce: bigint) => void) {
    this.#clock = clock;
    this.#random = random;
    this.#sendPing = sendPing;
  }

  /** Milliseconds since the outstanding ping was sent; undefined if there is none. */
  get waitingMs(): number | undefined {
    return this.#nonce === undefined ? undefined : this.#clock.monotonic() - this.#sentAt!;
  }

  /** Requests a ping at the next `tick`, for the `ping` RPC. */
  request(): void {
    this.#isRequested = true;
  }

  /** Sends a ping if one is due. Returns false if the outstanding ping has timed out. */
  tick(): boolean {
    const now = this.#clock.monotonic();
    if (this.#nonce !== undefined) return now - this.#sentAt! <= PING_TIMEOUT_MS;
    if (this.#isRequested || this.#sentAt === undefined || now - this.#sentAt >= PING_INTERVAL_MS) {
      this.#isRequested = false;
      this.#nonce = randomNonce(this.#random);
      this.#sentAt = now;
      this.#sendPing(this.#nonce);
    }
    return true;
  }

  /**
   * Handles a `pong`. Ignores an unknown nonce; as in Core, nonce 0 ends the outstanding ping without a measurement.
   */
  pong(nonce: bigint): void {
    if (this.#nonce === undefined || (nonce !== this.#nonce && nonce !== 0n)) return;
    if (nonce === this.#nonce) {
      this.lastMs = this.#clock.monotonic() - this.#sentAt!;
      this.bestMs = Math.min(this.bestMs ?? this.lastMs, this.lastMs);
    }
    this.#nonce = undefined;
  }
}
