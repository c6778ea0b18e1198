import type { Clock } from '../../platform/clock.ts';

/** Milliseconds of a slice. In one turn of the event loop, new calls start for as long, and one other call has a slice. */
const SLICE_MS = 4;
/** Slices after which a call is long. Most calls need one; on a busy machine the system may take it away in the middle. */
const SHORT_SLICES = 4;
/** Turns that a short call gives way, for each slice that it has had, to those that have had fewer. */
const TURNS_PER_SLICE = 16;
/** Long calls that proceed in turn; the others wait, so that few partial results are in memory at the same time. */
const LONG_CALLS = 4;
/** Slices after which a long call leaves its place to one that waits for a place. */
const SLICES_PER_PLACE = 64;

/** A call as the scheduler sees it. */
export interface Task {
  /** Monotonic milliseconds at which the current slice ends. */
  sliceEnd: number;
  /** Slices that the call has used up. */
  slices: number;
  /** Of a short call that waits: its place in the order, as a number of turns. */
  due: number;
  /** Slices left before the call may lose its place among the long ones; undefined without a place. */
  slicesLeft: number | undefined;
  /** Continues the call. */
  resume: () => void;
}

/** Returns the task of a call that has not started. */
export function newTask(): Task {
  return { sliceEnd: 0, slices: 0, due: 0, slicesLeft: undefined, resume: () => {} };
}

/**
 * Divides the main thread among RPC calls. A new call starts at once, and ends in its first slice as most do. One other
 * call has a slice in each turn of the event loop, so that peers, timers and new calls have their part however many
 * calls there are. Short calls, those with the fewest slices first, alternate with long ones, which take turns.
 *
 * Time is read from the clock. A virtual clock stands still while a call works, so there slices have no end.
 */
export class CallScheduler {
  readonly #clock: Clock;
  /** New calls for which this turn has no time left. */
  readonly #fresh: Task[] = [];
  /** Short calls that wait for their next slice. */
  readonly #short: Task[] = [];
  /** Long calls with a place that wait for their slice. */
  readonly #ready: Task[] = [];
  /** Long calls without a place. */
  readonly #queue: Task[] = [];
  #places = 0;
  /** Turns in which a call that had started before had a slice. */
  #turns = 0;
  /** Whether the last such call was short. */
  #wasShort = false;
  /** Monotonic milliseconds until which new calls may work in this turn; undefined before the first. */
  #freshEnd: number | undefined;
  #isScheduled = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Starts a call's first slice; returns a promise to await first if new calls have used the time of this turn. */
  start(task: Task): Promise<void> | undefined {
    const now = this.#clock.monotonic();
    if (this.#fresh.length === 0 && now < this.#endOfFresh(now)) {
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
      if (++task.slices < SHORT_SLICES) {
        task.due = this.#turns + task.slices * TURNS_PER_SLICE;
        this.#short.push(task);
      } else {
        if (task.slicesLeft === 0 && this.#queue.length > 0) this.leave(task);
        (task.slicesLeft === undefined ? this.#queue : this.#ready).push(task);
      }
      this.#schedule();
    });
  }

  /** Gives up a call's place among the long ones, if it has one. */
  leave(task: Task): void {
    if (task.slicesLeft === undefined) return;
    task.slicesLeft = undefined;
    this.#places--;
    this.#schedule();
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

  /** Gives free places to long calls that wait for one, and has the next call continue in the next turn. */
  #schedule(): void {
    while (this.#places < LONG_CALLS && this.#queue.length > 0) {
      const task = this.#queue.shift()!;
      task.slicesLeft = SLICES_PER_PLACE;
      this.#places++;
      this.#ready.push(task);
    }
    if (this.#isScheduled || this.#short.length + this.#ready.length === 0) return;
    this.#isScheduled = true;
    setImmediate(this.#resumeNext);
  }

  readonly #resumeNext = () => {
    this.#isScheduled = false;
    this.#turns++;
    const isShort = this.#ready.length === 0 || (this.#short.length > 0 && !this.#wasShort);
    const task = isShort ? this.#takeShort() : this.#ready.shift();
    if (!task) return;
    this.#wasShort = isShort;
    if (task.slicesLeft) task.slicesLeft--;
    task.sliceEnd = this.#clock.monotonic() + SLICE_MS;
    task.resume();
    this.#schedule();
  };

  /** Removes the short call that is due first; of equals, the one that has waited longest. */
  #takeShort(): Task | undefined {
    let first = 0;
    for (let i = 1; i < this.#short.length; i++) if (this.#short[i]!.due < this.#short[first]!.due) first = i;
    return this.#short.splice(first, 1)[0];
  }
}
