import type { NetworkClock } from '../../testing/network-clock.ts';
import { badArgument } from './arguments/check-arguments.ts';
import { check } from './arguments/method-arguments.ts';

/** Milliseconds since the Unix epoch that no block header holds: it has 32 bits for the seconds. */
const END_MS = 2 ** 32 * 1000;

/** What `NetworkTime` asks of its network. */
export interface TimeHooks {
  /** Throws `PierError` 'network-closed' if the network is closed. */
  checkOpen(): void;
  /** Gives all nodes the time. */
  changed(): void;
}

/** The time of a network, which all its nodes share. */
export class NetworkTime {
  readonly #clock: NetworkClock;
  readonly #hooks: TimeHooks;

  /** Networks create their time. @internal */
  constructor(clock: NetworkClock, hooks: TimeHooks) {
    this.#clock = clock;
    this.#hooks = hooks;
  }

  /** Returns the time in whole seconds since the Unix epoch. */
  now(): number {
    return Math.floor(this.#clock.now() / 1000);
  }

  /** Sets the time; seconds since the Unix epoch, or a date. Throws `PierError` 'bad-argument'. */
  set(time: number | Date): void {
    this.#hooks.checkOpen();
    check.setTime({ time });
    this.#set(time instanceof Date ? time.getTime() : time * 1000);
  }

  /** Moves the time by seconds; a negative number moves it back. Throws `PierError` 'bad-argument'. */
  increase(seconds: number): void {
    this.#hooks.checkOpen();
    check.increase({ seconds });
    const ms = this.#clock.now() + seconds * 1000;
    if (!(ms >= 0 && ms < END_MS)) {
      throw badArgument('time.increase: seconds', `${seconds} leads to a time that does not fit into a block header`);
    }
    this.#set(ms);
  }

  #set(ms: number): void {
    this.#clock.set(ms);
    this.#hooks.changed();
  }

  /** Stops the time: it moves by `set` and `increase` only. */
  freeze(): void {
    this.#hooks.checkOpen();
    this.#clock.freeze();
    this.#hooks.changed();
  }

  /** Lets the time run again, from where it stands. */
  resume(): void {
    this.#hooks.checkOpen();
    this.#clock.resume();
    this.#hooks.changed();
  }
}
