import type { Clock } from '../../platform/clock.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';
import type { Step } from '../json/step.ts';
import { CallScheduler, newTask } from './call-scheduler.ts';
import { WaitingCalls } from './waiting-calls.ts';

/** Requests that are being computed or sent (Core: the work queue); more are refused. */
const MAX_WORKING = 256;
/** Calls that may wait for an event at the same time, such as waitfornewblock. */
const MAX_WAITING = 256;

/** The caller of a request, and whether it still waits for the response. */
export interface Caller {
  /** Identifies the client among others: its address. */
  readonly client: string;
  /** Aborted when the caller disconnects or the server closes. */
  readonly signal: AbortSignal;
}

/** The requests in progress of one server, and the main thread's division among them. */
export class CallQueue {
  readonly #clock: Clock;
  readonly #scheduler: CallScheduler;
  readonly #waiting = new WaitingCalls(MAX_WAITING);
  #working = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#scheduler = new CallScheduler(clock);
  }

  /** Whether a further request is refused. Waiting calls do not count. */
  get isFull(): boolean {
    return this.#working >= MAX_WORKING;
  }

  /** Runs `work` for a request once the main thread has time for it. */
  async run<T>(caller: Caller, work: (call: Call) => Promise<T>): Promise<T> {
    const task = newTask();
    const call = new Call(caller, {
      clock: this.#clock,
      waiting: this.#waiting,
      isSliceOver: () => this.#scheduler.isSliceOver(task),
      pause: () => this.#scheduler.pause(task),
      leave: () => {
        this.#working--;
        this.#scheduler.leave(task);
      },
      enter: () => {
        this.#working++;
      },
    });
    this.#working++;
    try {
      const turn = this.#scheduler.start(task);
      if (turn) await turn;
      return await work(call);
    } finally {
      this.#working--;
      this.#scheduler.leave(task);
    }
  }
}

/** What a call needs of its queue. */
interface CallModules {
  readonly clock: Clock;
  readonly waiting: WaitingCalls;
  isSliceOver(): boolean;
  pause(): Promise<void>;
  leave(): void;
  enter(): void;
}

/** A request in progress: its share of the main thread, and its waits. */
export class Call {
  /** Aborted when the caller disconnects or the server closes. */
  readonly signal: AbortSignal;
  readonly #client: string;
  readonly #modules: CallModules;

  /** @internal */
  constructor({ client, signal }: Caller, modules: CallModules) {
    this.#client = client;
    this.signal = signal;
    this.#modules = modules;
  }

  /**
   * To be called between the steps of a computation: after some milliseconds it returns a promise to await, and the node
   * does other work. The promise rejects with `RpcError` if the answer is no longer wanted.
   */
  readonly step: Step = () => (this.#modules.isSliceOver() ? this.#pause() : undefined);

  /** As `step`, but never rejects: for sending an answer that has been computed. */
  readonly turn: Step = () => (this.#modules.isSliceOver() ? this.#modules.pause() : undefined);

  /**
   * Waits for an event. `subscribe` gets a function that ends the wait, and returns one that unsubscribes. The wait also
   * ends after `timeoutMs`, on shutdown, when the caller disconnects, and when too many calls wait.
   */
  wait(subscribe: (end: () => void) => () => void, timeoutMs?: number): Promise<void> {
    const { clock, waiting } = this.#modules;
    return this.suspended(
      new Promise((resolve) => {
        let isOver = false;
        let unsubscribe: (() => void) | undefined;
        const end = () => {
          if (isOver) return;
          isOver = true;
          unsubscribe?.();
          timer?.cancel();
          this.signal.removeEventListener('abort', end);
          waiting.remove(this.#client, end);
          resolve();
        };
        const timer = timeoutMs === undefined ? undefined : clock.after(timeoutMs, end);
        this.signal.addEventListener('abort', end);
        waiting.add(this.#client, end);
        unsubscribe = subscribe(end);
        // The wait may have ended before there was anything to unsubscribe.
        if (isOver) unsubscribe();
        else if (this.signal.aborted) end();
      }),
    );
  }

  /** Awaits an event without a share of the main thread, and without counting as work. */
  async suspended<T>(event: Promise<T>): Promise<T> {
    this.#modules.leave();
    try {
      return await event;
    } finally {
      this.#modules.enter();
    }
  }

  async #pause(): Promise<void> {
    await this.#modules.pause();
    if (this.signal.aborted) throw new RpcError(RpcCode.CLIENT_NOT_CONNECTED, 'Shutting down');
  }
}
