import type { Timer } from '../../src/platform/clock.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

/** A virtual clock that counts the timers that are set. */
export class CountedClock extends VirtualClock {
  readonly #set = new Set<object>();

  get timers(): number {
    return this.#set.size;
  }

  override after(ms: number, callback: () => void): Timer {
    const mark = {};
    this.#set.add(mark);
    const timer = super.after(ms, () => {
      this.#set.delete(mark);
      callback();
    });
    return {
      cancel: () => {
        this.#set.delete(mark);
        timer.cancel();
      },
    };
  }
}
