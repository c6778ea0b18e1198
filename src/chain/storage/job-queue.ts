/** Runs jobs one after another, in the order in which they came. */
export class JobQueue {
  #last: Promise<unknown> = Promise.resolve();
  #size = 0;
  readonly #onIdle: () => void;

  /** `onIdle` is called whenever the last job has ended. */
  constructor(onIdle: () => void) {
    this.#onIdle = onIdle;
  }

  get isIdle(): boolean {
    return this.#size === 0;
  }

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
