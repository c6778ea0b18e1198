import type { Clock } from './clock.ts';

/** A rate limiter that allows bursts: the bucket fills at `perSecond` tokens up to `capacity`; each use costs one. */
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

  /** Adds tokens beyond the capacity, for a response that we requested. */
  grant(tokens: number): void {
    this.#tokens += tokens;
  }

  /** Consumes a token; returns false if the bucket is empty. */
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
