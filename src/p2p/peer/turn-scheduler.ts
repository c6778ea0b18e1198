import type { Clock, Timer } from '../../platform/clock.ts';

/** Milliseconds of each turn of the event loop for all peers together. */
const TURN_MS = 3;
/** Milliseconds of one peer's slice. */
const SLICE_MS = 1;

/** A peer with messages to process. */
export interface PeerWorker {
  /** Works until no work is left or `isSliceOver` is true. Returns whether work is left that can continue now. */
  work(): boolean;
}

/**
 * Shares the main thread between peers, round-robin by slices. After `TURN_MS` the event loop proceeds, so that timers,
 * RPC and disk I/O are served however many peers flood the node. Work starts at once if no other peer waits.
 *
 * A virtual clock does not advance during work, so only charges (`charge`) end a slice or a turn there.
 */
export class TurnScheduler {
  readonly #clock: Clock;
  /** Workers with work left, in the order of their slices. */
  readonly #waiting = new Set<PeerWorker>();
  /** Milliseconds used in this turn of the event loop. */
  #used = 0;
  /** Monotonic milliseconds when the slice began. */
  #sliceStart = 0;
  #sliceMs = 0;
  /** Milliseconds charged to the slice. */
  #charged = 0;
  #isRunning = false;
  #nextTurn: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the running worker must return. */
  get isSliceOver(): boolean {
    return this.#sliceUsed() >= this.#sliceMs;
  }

  #sliceUsed(): number {
    return Math.max(this.#clock.monotonic() - this.#sliceStart, this.#charged);
  }

  /** Charges at least `ms` milliseconds for the running slice, whatever the clock says. */
  charge(ms: number): void {
    this.#charged += ms;
  }

  /** Schedules a worker: at once if this turn has time left and no other worker waits, otherwise after the others. */
  ready(worker: PeerWorker): void {
    this.#waiting.add(worker);
    if (!this.#isRunning && this.#used < TURN_MS) this.#run();
  }

  /** Removes a worker. */
  remove(worker: PeerWorker): void {
    this.#waiting.delete(worker);
  }

  #run(): void {
    this.#isRunning = true;
    try {
      for (const worker of this.#waiting) {
        this.#waiting.delete(worker);
        // A worker that is added again is last in this loop.
        if (this.#runSlice(worker)) this.#waiting.add(worker);
        if (this.#used >= TURN_MS) break;
      }
    } finally {
      this.#isRunning = false;
    }
    // A virtual clock runs all timers of one instant in one call; the microtask leaves one turn per call.
    if (this.#used > 0) this.#nextTurn ??= this.#clock.after(0, () => queueMicrotask(() => this.#startTurn()));
  }

  /** Returns whether work is left. */
  #runSlice(worker: PeerWorker): boolean {
    this.#sliceStart = this.#clock.monotonic();
    this.#sliceMs = Math.min(SLICE_MS, TURN_MS - this.#used);
    this.#charged = 0;
    const isWorkLeft = worker.work();
    this.#used += this.#sliceUsed();
    return isWorkLeft;
  }

  #startTurn(): void {
    this.#nextTurn = undefined;
    this.#used = 0;
    if (this.#waiting.size > 0) this.#run();
  }
}
