/** The functions that a `JobQueue` calls. */
export interface JobQueueHooks {
  /** Called before the first job after the queue was empty. */
  onBusy(): void;
  /** Called whenever the queue becomes empty. */
  onIdle(): void;
}

/** Runs jobs one at a time, in the order of submission. */
export class JobQueue {
  #last: Promise<unknown> = Promise.resolve();
  #size = 0;
  readonly #hooks: JobQueueHooks;

  constructor(hooks: JobQueueHooks) {
    this.#hooks = hooks;
  }

  /** Whether no job is running or queued. */
  get isIdle(): boolean {
    return this.#size === 0;
  }

  /** Queues a job; resolves to its result. */
  run<T>(job: () => Promise<T> | T): Promise<T> {
    if (this.#size++ === 0) this.#hooks.onBusy();
    const result = this.#last.then(job).finally(() => {
      this.#size--;
      if (this.#size === 0) this.#hooks.onIdle();
    });
    this.#last = result.catch(() => {});
    return result;
  }
}
