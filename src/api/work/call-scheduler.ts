import type { Clock } from '../../platform/clock.ts';
import { immediate } from '../../platform/immediate.ts';

/** Milliseconds of a short call's slice while others wait: several times what most calls take. */
const SHORT_SLICE_MS = 1;
/** Milliseconds of each turn of the event loop for all short calls together. */
const SHORT_TURN_MS = 4;
/** Milliseconds of slices after which a call is long. */
const SHORT_MS = 8;
/** Turns that a short call gives way, for each millisecond that it has had, to calls that have had less. */
const TURNS_PER_MS = 8;
/** Milliseconds of a long call's slice. One long call has a slice in each turn of the event loop. */
const LONG_SLICE_MS = 4;
/** Long calls that proceed in turn; the others wait, so that few partial results are in memory at the same time. */
const LONG_CALLS = 4;
/** Slices after which a long call leaves its place to one that waits for a place. */
const SLICES_PER_PLACE = 64;

/** A call as the scheduler sees it. */
export interface Task {
  /** Monotonic milliseconds at which the current slice ends. */
  sliceEnd: number;
  /** Milliseconds of the slices that the call has had while it was short. */
  shortMs: number;
  /** The turn from which a short call that waits precedes all that arrive later. */
  due: number;
  /** Slices left before the call may lose its place among the long ones; undefined without a place. */
  slicesLeft: number | undefined;
  /** Continues the call. */
  resume: () => void;
}

/** Returns the task of a call that has not started. */
export function newTask(): Task {
  return { sliceEnd: 0, shortMs: 0, due: 0, slicesLeft: undefined, resume: () => {} };
}

/**
 * Divides the main thread among RPC calls. A new call starts at once, and ends in its first slice as most do. What takes
 * longer gives way to calls that have taken less; what takes some milliseconds is long: long calls take turns. Short
 * calls and long ones each have their part of a turn of the event loop, so that peers, timers and new calls have theirs
 * however many calls there are.
 *
 * Time is read from the clock. A virtual clock stands still while a call works, so there slices have no end.
 */
export class CallScheduler {
  readonly #clock: Clock;
  /** Short calls that wait for a slice. An immediate is pending for each. */
  readonly #short: Task[] = [];
  /** Long calls with a place that wait for their slice. */
  readonly #ready: Task[] = [];
  /** Long calls without a place. */
  readonly #queue: Task[] = [];
  #places = 0;
  /** Turns of the event loop in which short calls have worked. */
  #turns = 0;
  /** Monotonic milliseconds until which short calls may work in this turn; undefined before the first. */
  #shortEnd: number | undefined;
  #isLongScheduled = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Starts a call's first slice; returns a promise to await first if other short calls have used the time of this turn. */
  start(task: Task): Promise<void> | undefined {
    const now = this.#clock.monotonic();
    if (now >= this.#endOfShort(now)) return this.#wait(task);
    this.#beginShort(task, now);
    return undefined;
  }

  /** Returns whether the slice of a call is over. */
  isSliceOver(task: Task): boolean {
    return this.#clock.monotonic() >= task.sliceEnd;
  }

  /** Ends a call's slice; resolves when the next one begins. */
  pause(task: Task): Promise<void> {
    if (task.shortMs < SHORT_MS) return this.#wait(task);
    return new Promise((resolve) => {
      task.resume = resolve;
      if (task.slicesLeft === 0 && this.#queue.length > 0) this.leave(task);
      (task.slicesLeft === undefined ? this.#queue : this.#ready).push(task);
      this.#scheduleLong();
    });
  }

  /** Gives up a call's place among the long ones, if it has one. */
  leave(task: Task): void {
    if (task.slicesLeft === undefined) return;
    task.slicesLeft = undefined;
    this.#places--;
    this.#scheduleLong();
  }

  /** Resolves when a short call's next slice begins. */
  #wait(task: Task): Promise<void> {
    return new Promise((resolve) => {
      task.resume = resolve;
      task.due = this.#turns + task.shortMs * TURNS_PER_MS;
      this.#short.push(task);
      immediate(this.#resumeShort);
    });
  }

  #endOfShort(now: number): number {
    if (this.#shortEnd === undefined) {
      this.#turns++;
      this.#shortEnd = now + SHORT_TURN_MS;
      immediate(() => {
        this.#shortEnd = undefined;
      });
    }
    return this.#shortEnd;
  }

  readonly #resumeShort = () => {
    const now = this.#clock.monotonic();
    if (now >= this.#endOfShort(now)) {
      immediate(this.#resumeShort);
      return;
    }
    const task = this.#takeShort();
    this.#beginShort(task, now);
    task.resume();
  };

  #beginShort(task: Task, now: number): void {
    task.sliceEnd = this.#short.length > 0 ? now + SHORT_SLICE_MS : this.#endOfShort(now);
    task.shortMs += task.sliceEnd - now;
  }

  /** Removes the short call that is due first; of equals, the one that has waited longest. */
  #takeShort(): Task {
    let first = 0;
    for (let i = 1; i < this.#short.length; i++) if (this.#short[i]!.due < this.#short[first]!.due) first = i;
    return this.#short.splice(first, 1)[0]!;
  }

  /** Gives free places to long calls that wait for one, and has the next one continue in the next turn. */
  #scheduleLong(): void {
    while (this.#places < LONG_CALLS && this.#queue.length > 0) {
      const task = this.#queue.shift()!;
      task.slicesLeft = SLICES_PER_PLACE;
      this.#places++;
      this.#ready.push(task);
    }
    if (this.#isLongScheduled || this.#ready.length === 0) return;
    this.#isLongScheduled = true;
    immediate(this.#resumeLong);
  }

  readonly #resumeLong = () => {
    this.#isLongScheduled = false;
    const task = this.#ready.shift();
    if (!task) return;
    if (task.slicesLeft) task.slicesLeft--;
    task.sliceEnd = this.#clock.monotonic() + LONG_SLICE_MS;
    task.resume();
    this.#scheduleLong();
  };
}
