import { PierError } from '../../platform/errors.ts';
import type { NetworkClock } from '../processes/network-clock.ts';

/** The time of a network, which all its nodes share. */
export class NetworkTime {
  readonly #clock: NetworkClock;
  readonly #changed: () => void;

  /** Networks create their time. @internal */
  constructor(clock: NetworkClock, changed: () => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  /** Returns the time in whole seconds since the Unix epoch. */
  now(): number {
    return Math.floor(this.#clock.now() / 1000);
  }

  /** Sets the time; seconds since the Unix epoch, or a date. */
  set(time: number | Date): void {
    const ms = time instanceof Date ? time.getTime() : time * 1000;
    // Headers have 32 bits for the seconds.
    if (!(ms >= 0 && ms < 2 ** 32 * 1000)) {
      throw new PierError('bad-time', `${String(time)} is not a time that fits into a block header`);
    }
    this.#clock.set(ms);
    this.#changed();
  }

  /** Moves the time by seconds; a negative number moves it back. */
  increase(seconds: number): void {
    this.set((this.#clock.now() + seconds * 1000) / 1000);
  }

  /** Stops the time: it moves by `set` and `increase` only. */
  freeze(): void {
    this.#clock.freeze();
    this.#changed();
  }

  /** Lets the time run again, from where it stands. */
  resume(): void {
    this.#clock.resume();
    this.#changed();
  }
}
