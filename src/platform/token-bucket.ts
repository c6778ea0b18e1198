import type { Clock } from './clock.ts';

/** A rate limit that lets bursts pass: tokens come at a steady rate, and each use takes one. */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #capacity: number;
  #tokens: number;
  #updatedAt: number;

  constructor(clock: Clock, perSecond: number, capacity: number, initial: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#capacity = capacity;
    this.#tokens = initial;
    this.#updatedAt = clock.monotonic();
  }

  /** Adds tokens at once, for an answer that we asked for; the capacity does not cut these. */
  grant(tokens: number): void {
    this.#tokens += tokens;
  }

  /** Takes a token if there is one. */
  take(): boolean {
    const now = this.#clock.monotonic();
    const earned = (Math.max(0, now - this.#updatedAt) / 1000) * this.#perSecond;
    if (this.#tokens < this.#capacity) this.#tokens = Math.min(this.#capacity, this.#tokens + earned);
    this.#updatedAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
