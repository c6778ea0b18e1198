import type { Clock } from '../../platform/clock.ts';

/**
 * Milliseconds of a slice. In one turn of the event loop, new calls start for as long, and one long call has a slice.
 */
const SLICE_MS = 4;
/** Long calls that proceed in turn; the others wait, so that few partial results are in memory at the same time. */
const LONG_CALLS = 4;
/** Slices after which a long call leaves its place to one that waits for a place. */
const SLICES_PER_PLACE = 64;

/** A call as the scheduler sees it. */
export interface Task {
  /** Monotonic milliseconds at which the current slice ends. */
  sliceEnd: number;
  /** Slices left before the call may lose its place among the long ones; undefined without a place. */
  slicesLeft: number | undefined;
  /** Continues the call. */
  resume: () => void;
}

/** Returns the task of a call that has not started. */
export function newTask(): Task {
  return { sliceEnd: 0, slicesLeft: undefined, resume: () => {} };
}

/**
 * Divides the main thread among RPC calls. A new call starts at once, and ends in its first slice as most do. What takes
 * longer is long: long calls take turns, one slice in each turn of the event loop, so that peers, timers and new calls
 * have their part however many long calls there are.
 *
 * Time is read from the clock. A virtual clock stands still while a call works, so there slices have no end.
 */
export class CallScheduler {
  readonly #clock: Clock;
  /** New calls for which this turn has no time left. */
  readonly #fresh: Task[] = [];
  /** Long calls with a place that wait for their slice. */
  readonly #ready: Task[] = [];
  /** Long calls without a place. */
  readonly #queue: Task[] = [];
  #places = 0;
  /** Monotonic milliseconds until which new calls may work in this turn; undefined before the first. */
  #freshEnd: number | undefined;
  #isScheduled = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Starts a call's first slice; returns a promise to await first if new calls have used the time of this turn. */
  start(task: Task): Promise<void> | undefined {
    const now = this.#clock.monotonic();
    if (now < this.#endOfFresh(now)) {
      task.sliceEnd = now + SLICE_MS;
      return undefined;
    }
    return new Promise((resolve) => {
      task.resume = resolve;
      this.#fresh.push(task);
      setImmediate(this.#resumeFresh);
    });
  }

  /** Returns whether the slice of a call is over. */
  isSliceOver(task: Task): boolean {
    return this.#clock.monotonic() >= task.sliceEnd;
  }

  /** Ends a call's slice; resolves when the next one begins. */
  pause(task: Task): Promise<void> {
    return new Promise((resolve) => {
      task.resume = resolve;
      if (task.slicesLeft === 0 && this.#queue.length > 0) this.leave(task);
      (task.slicesLeft === undefined ? this.#queue : this.#ready).push(task);
      this.#fill();
    });
  }

  /** Gives up a call's place among the long ones, if it has one. */
  leave(task: Task): void {
    if (task.slicesLeft === undefined) return;
    task.slicesLeft = undefined;
    this.#places--;
    this.#fill();
  }

  #endOfFresh(now: number): number {
    if (this.#freshEnd === undefined) {
      this.#freshEnd = now + SLICE_MS;
      setImmediate(() => {
        this.#freshEnd = undefined;
      });
    }
    return this.#freshEnd;
  }

  readonly #resumeFresh = () => {
    const now = this.#clock.monotonic();
    if (now >= this.#endOfFresh(now)) {
      setImmediate(this.#resumeFresh);
      return;
    }
    const task = this.#fresh.shift()!;
    task.sliceEnd = now + SLICE_MS;
    task.resume();
  };

  /** Gives free places to calls that wait for one, and has the next long call continue in the next turn. */
  #fill(): void {
    while (this.#places < LONG_CALLS && this.#queue.length > 0) {
      const task = this.#queue.shift()!;
      task.slicesLeft = SLICES_PER_PLACE;
      this.#places++;
      this.#ready.push(task);
    }
    if (this.#isScheduled || this.#ready.length === 0) return;
    this.#isScheduled = true;
    setImmediate(this.#resumeLong);
  }

  readonly #resumeLong = () => {
    this.#isScheduled = false;
    const task = this.#ready.shift();
    if (!task) return;
    if (task.slicesLeft) task.slicesLeft--;
    task.sliceEnd = this.#clock.monotonic() + SLICE_MS;
    task.resume();
    this.#fill();
  };
}
