import type { Clock, Timer } from '../../platform/clock.ts';

/** Milliseconds of each turn of the event loop for all peers together. */
const TURN_MS = 3;
/** Milliseconds of one peer's slice. */
const SLICE_MS = 1;
/** Milliseconds in which half of a peer's use of the main thread is forgotten. */
const HALF_LIFE_MS = 10_000;

/** A peer with messages to process. */
export interface PeerWorker {
  /** Works until no work is left or `isSliceOver` is true. Returns whether work is left that can continue now. */
  work(): boolean;
}

/** A peer's use of the main thread. */
interface Account {
  /** Milliseconds of the past, weighted by `HALF_LIFE_MS`, at `at`. */
  used: number;
  /** Monotonic milliseconds. */
  at: number;
}

/**
 * Shares the main thread between peers by slices. The peer that has lately used the least time is next, so that a peer
 * with few messages is served in the next turn however many peers flood the node; peers with equal use take turns. After
 * `TURN_MS` the event loop proceeds, so that timers, RPC and disk I/O are served as well. Work starts at once if no other
 * peer waits.
 *
 * A virtual clock does not advance during work, so only charges (`charge`) end a slice or a turn there.
 */
export class TurnScheduler {
  readonly #clock: Clock;
  /** Workers with work left; those whose last slice is longest ago are first. */
  readonly #waiting = new Set<PeerWorker>();
  readonly #accounts = new Map<PeerWorker, Account>();
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

  /** Schedules a worker: at once if this turn has time left and no other worker waits, otherwise for a later slice. */
  ready(worker: PeerWorker): void {
    if (!this.#accounts.has(worker)) this.#open(worker);
    this.#waiting.add(worker);
    if (!this.#isRunning && this.#used < TURN_MS) this.#run();
  }

  /** Removes a worker. */
  remove(worker: PeerWorker): void {
    this.#waiting.delete(worker);
    this.#accounts.delete(worker);
  }

  /**
   * Opens a new worker's account level with the most used one. To reconnect gains a peer nothing, and many new peers do
   * not go before one whose handshake has taken some time, as it does in a process that has just started.
   */
  #open(worker: PeerWorker): void {
    const at = this.#clock.monotonic();
    let most = 0;
    for (const other of this.#accounts.keys()) most = Math.max(most, this.#usedLately(other, at));
    this.#accounts.set(worker, { used: most, at });
  }

  #usedLately(worker: PeerWorker, now: number): number {
    const { used, at } = this.#accounts.get(worker)!;
    return used * 2 ** ((at - now) / HALF_LIFE_MS);
  }

  /** Returns the waiting worker that has used the least; the first of several. */
  #leastUsed(now: number): PeerWorker | undefined {
    let least: PeerWorker | undefined;
    let leastUsed = Number.POSITIVE_INFINITY;
    for (const worker of this.#waiting) {
      const used = this.#usedLately(worker, now);
      if (used >= leastUsed) continue;
      least = worker;
      leastUsed = used;
    }
    return least;
  }

  #run(): void {
    this.#isRunning = true;
    try {
      while (this.#used < TURN_MS) {
        const worker = this.#leastUsed(this.#clock.monotonic());
        if (!worker) break;
        this.#waiting.delete(worker);
        if (this.#runSlice(worker)) this.#waiting.add(worker);
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
    const used = this.#sliceUsed();
    this.#used += used;
    const at = this.#sliceStart + used;
    // A worker may remove itself.
    if (!this.#accounts.has(worker)) return false;
    this.#accounts.set(worker, { used: this.#usedLately(worker, at) + used, at });
    return isWorkLeft;
  }

  #startTurn(): void {
    this.#nextTurn = undefined;
    this.#used = 0;
    if (this.#waiting.size > 0) this.#run();
  }
}
