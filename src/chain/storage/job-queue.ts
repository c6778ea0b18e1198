/** Runs jobs one at a time, in the order of submission. */
export class JobQueue {
  #last: Promise<unknown> = Promise.resolve();
  #size = 0;
  readonly #onIdle: () => void;

  /** `onIdle` is called whenever the queue becomes empty. */
  constructor(onIdle: () => void) {
    this.#onIdle = onIdle;
  }

  /** Whether no job is running or queued. */
  get isIdle(): boolean {
    return this.#size === 0;
  }

  /** Queues a job; resolves to its result. */
  run<T>(job: () => Promise<T> | T): Promise<T> {
    this.#size++;
    const result = this.#last.then(job).finally(() => {
      this.#size--;
      if (this.#size === 0) this.#onIdle();
    });
    this.#last = result.catch(() => {});
    return result;
  }
}
