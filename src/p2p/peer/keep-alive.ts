import type { Clock } from '../../platform/clock.ts';
import type { Random } from '../../platform/random.ts';

/** Milliseconds between pings (Core: PING_INTERVAL). */
const PING_INTERVAL_MS = 2 * 60_000;
/** Milliseconds after which a peer that does not answer is gone (Core: TIMEOUT_INTERVAL). */
const PING_TIMEOUT_MS = 20 * 60_000;

/** A random uint64 other than 0, which stands for none. */
export function randomNonce(random: Random): bigint {
  for (;;) {
    const bytes = random.bytes(8);
    const nonce = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
    if (nonce !== 0n) return nonce;
  }
}

/** Pings: whether the peer is still there, and how far away it is. */
export class KeepAlive {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #sendPing: (nonce: bigint) => void;
  /** Of the ping that is under way. */
  #nonce: bigint | undefined;
  #sentAt: number | undefined;
  #wanted = false;
  /** Milliseconds that the last answer took. */
  lastMs: number | undefined;
  /** The shortest of them. */
  bestMs: number | undefined;

  constructor(clock: Clock, random: Random, sendPing: (nonce: bigint) => void) {
    this.#clock = clock;
    this.#random = random;
    this.#sendPing = sendPing;
  }

  /** Milliseconds that the ping under way has been waiting; undefined if there is none. */
  get waitingMs(): number | undefined {
    return this.#nonce === undefined ? undefined : this.#clock.monotonic() - this.#sentAt!;
  }

  /** Asks for a ping at the next `tick`, for a person who wants to know. */
  request(): void {
    this.#wanted = true;
  }

  /** Sends a ping when one is due. Returns false when the peer has not answered for too long. */
  tick(): boolean {
    const now = this.#clock.monotonic();
    if (this.#nonce !== undefined) return now - this.#sentAt! <= PING_TIMEOUT_MS;
    if (this.#wanted || this.#sentAt === undefined || now - this.#sentAt >= PING_INTERVAL_MS) {
      this.#wanted = false;
      this.#nonce = randomNonce(this.#random);
      this.#sentAt = now;
      this.#sendPing(this.#nonce);
    }
    return true;
  }

  /** Takes a `pong`; one that nobody waits for says nothing. A nonce of 0 ends the wait without a time, as in Core. */
  pong(nonce: bigint): void {
    if (this.#nonce === undefined || (nonce !== this.#nonce && nonce !== 0n)) return;
    if (nonce === this.#nonce) {
      this.lastMs = this.#clock.monotonic() - this.#sentAt!;
      this.bestMs = Math.min(this.bestMs ?? this.lastMs, this.lastMs);
    }
    this.#nonce = undefined;
  }
}
