import { type Clock, systemClock, type Timer } from '../platform/clock.ts';

/** The state of a `NetworkClock`, in milliseconds. */
export interface ClockState {
  /** Added to the system's time. */
  readonly offset: number;
  /** The time that stands still, since the Unix epoch; undefined while the clock runs. */
  readonly frozen: number | undefined;
}

/**
 * The wall-clock time of all nodes of a network: it can be set and stopped. Timers follow the system's clock, so that a
 * jump neither triggers nor delays peer timeouts.
 */
export class NetworkClock implements Clock {
  #state: ClockState = { offset: 0, frozen: undefined };

  now(): number {
    return this.#state.frozen ?? systemClock.now() + this.#state.offset;
  }

  monotonic(): number {
    return systemClock.monotonic();
  }

  after(ms: number, callback: () => void): Timer {
    return systemClock.after(ms, callback);
  }

  /** Sets the time in milliseconds since the Unix epoch; a frozen clock stays frozen. */
  set(ms: number): void {
    if (this.#state.frozen === undefined) this.#state = { offset: ms - systemClock.now(), frozen: undefined };
    else this.#state = { ...this.#state, frozen: ms };
  }

  /** Stops the time; it moves by `set` only. */
  freeze(): void {
    this.#state = { ...this.#state, frozen: this.now() };
  }

  /** Lets the time run on from where it stands. */
  resume(): void {
    this.#state = { offset: this.now() - systemClock.now(), frozen: undefined };
  }

  get state(): ClockState {
    return this.#state;
  }

  set state(state: ClockState) {
    this.#state = state;
  }

  /** Sets the clock to the time that it showed when `state` was taken. A running clock does not go on meanwhile. */
  restore(time: number, isFrozen: boolean): void {
    this.resume();
    this.set(time);
    if (isFrozen) this.freeze();
  }
}
