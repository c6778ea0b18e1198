import type { Clock, Timer } from '../../platform/clock.ts';

/** Milliseconds that all peers together may take in one turn of the event loop. */
const TURN_MS = 3;
/** Milliseconds that one peer may take while others wait. */
const SLICE_MS = 1;

/** A peer, as the scheduler sees it. */
export interface Worker {
  /** Works until nothing is left to do or `isSliceOver`. Returns whether work is left that could continue now. */
  work(): boolean;
}

/**
 * Divides the main thread among peers: each has a slice in turn, and after `TURN_MS` the event loop proceeds, so that
 * however many peers flood the node, timers, RPC and disks have their part. Where nothing waits, work starts at once.
 *
 * Time is read from the clock. A virtual clock stands still while work is done, so there a turn has no end.
 */
export class TurnScheduler {
  readonly #clock: Clock;
  /** Workers with work, in the order of their turns. */
  readonly #waiting = new Set<Worker>();
  /** Milliseconds used in this turn of the event loop. */
  #used = 0;
  /** Monotonic milliseconds. */
  #sliceEnd = 0;
  #isRunning = false;
  #nextTurn: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the worker should return. */
  get isSliceOver(): boolean {
    return this.#clock.monotonic() >= this.#sliceEnd;
  }

  /** Lets a worker work: at once if this turn has time left and no other worker waits, otherwise in its turn. */
  ready(worker: Worker): void {
    this.#waiting.add(worker);
    if (!this.#isRunning && this.#used < TURN_MS) this.#run();
  }

  /** Forgets a worker that has no more work. */
  remove(worker: Worker): void {
    this.#waiting.delete(worker);
  }

  #run(): void {
    this.#isRunning = true;
    try {
      for (const worker of this.#waiting) {
        this.#waiting.delete(worker);
        // A worker that is added again comes last in this loop.
        if (this.#runSlice(worker)) this.#waiting.add(worker);
        if (this.#used >= TURN_MS) break;
      }
    } finally {
      this.#isRunning = false;
    }
    if (this.#used > 0) this.#nextTurn ??= this.#clock.after(0, () => this.#startTurn());
  }

  /** Returns whether work is left. */
  #runSlice(worker: Worker): boolean {
    const start = this.#clock.monotonic();
    this.#sliceEnd = start + Math.min(SLICE_MS, TURN_MS - this.#used);
    const isWorkLeft = worker.work();
    this.#used += this.#clock.monotonic() - start;
    return isWorkLeft;
  }

  #startTurn(): void {
    this.#nextTurn = undefined;
    this.#used = 0;
    if (this.#waiting.size > 0) this.#run();
  }
}
