/** As soon as this much waits to be written, it is written, also while more is on its way. */
const BATCH_BYTES = 16 << 20;
/** Above this much, processing waits for the disk. */
const MAX_PENDING_BYTES = 3 * BATCH_BYTES;

export interface FlusherModules {
  /** Writes all that is pending. */
  flush(): Promise<void>;
  /** Memory that the pending changes take. */
  pendingBytes(): number;
  /** Whether nothing is being processed that would add to the batch. */
  isIdle(): boolean;
  /** Told of each write that has failed, whether or not anybody waits for it. */
  onFailure(error: unknown): void;
}

interface Waiting {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

function waiting(): Waiting {
  let resolve = () => {};
  let reject = (_: unknown) => {};
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/**
 * Decides when to write: at once where nothing else is going on, else in large batches, so that many blocks share one
 * write while the next ones are being processed.
 */
export class Flusher {
  readonly #modules: FlusherModules;
  #running: Promise<void> | undefined;
  /** Those whose changes the next write will hold. */
  #next: Waiting | undefined;

  constructor(modules: FlusherModules) {
    this.#modules = modules;
  }

  /** Resolves once all that is pending now has been written; rejects if it could not be. */
  request(): Promise<void> {
    this.#next ??= waiting();
    const { promise } = this.#next;
    this.poke();
    return promise;
  }

  /** `request` for a caller that does not wait. */
  requestQuietly(): void {
    this.request().catch(() => {});
  }

  /** Writes all that is pending without waiting for more; for a job, which cannot wait for the end of all jobs. */
  async now(): Promise<void> {
    await this.#running;
    const written = this.request();
    if (!this.#running) this.#start();
    await written;
  }

  /** Starts a write if one is due. */
  poke(): void {
    if (!this.#next || this.#running) return;
    if (this.#modules.isIdle() || this.#modules.pendingBytes() >= BATCH_BYTES) this.#start();
  }

  /** Writes if much is pending, and waits for it if very much is. */
  async relieve(): Promise<void> {
    const pending = this.#modules.pendingBytes();
    if (pending < BATCH_BYTES) return;
    if (!this.#running) {
      if (!this.#next) this.requestQuietly();
      this.poke();
    }
    if (pending >= MAX_PENDING_BYTES) await this.#running;
  }

  #start(): void {
    const served = this.#next;
    this.#next = undefined;
    this.#running = this.#modules
      .flush()
      .then(
        () => served?.resolve(),
        (error: unknown) => {
          served?.reject(error);
          this.#modules.onFailure(error);
        },
      )
      .then(() => {
        this.#running = undefined;
        this.poke();
      });
  }
}
