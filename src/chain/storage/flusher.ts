/** Bytes of pending changes that start a write even while blocks are being processed. */
const BATCH_BYTES = 16 << 20;
/** Bytes of pending changes from which processing waits for the disk. */
const MAX_PENDING_BYTES = 3 * BATCH_BYTES;

/** The functions that a `Flusher` calls. */
export interface FlusherModules {
  /** Writes all pending changes. */
  flush(): Promise<void>;
  /** Returns the bytes of memory that pending changes take. */
  pendingBytes(): number;
  /** Returns whether no job is running or queued that would add to the batch. */
  isIdle(): boolean;
  /** Called for each failed write. */
  onFailure(error: unknown): void;
}

interface Deferred {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

function deferred(): Deferred {
  let resolve = () => {};
  let reject = (_: unknown) => {};
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/**
 * Decides when to write: at once while the chain is idle, otherwise in large batches, so that many blocks share a write
 * (Core: FlushStateToDisk).
 */
export class Flusher {
  readonly #modules: FlusherModules;
  #running: Promise<void> | undefined;
  /** Settled by the next write to start; undefined if no write is requested. */
  #next: Deferred | undefined;

  constructor(modules: FlusherModules) {
    this.#modules = modules;
  }

  /** Requests a write. Resolves once all changes pending now are written; rejects if the write fails. */
  request(): Promise<void> {
    this.#next ??= deferred();
    const { promise } = this.#next;
    this.poke();
    return promise;
  }

  /** Requests a write whose caller does not wait for it. */
  requestInBackground(): void {
    this.request().catch(() => {});
  }

  /** Writes all pending changes without waiting for idle; for use inside a job. */
  async flushNow(): Promise<void> {
    await this.#running;
    const written = this.request();
    if (!this.#running) this.#start();
    await written;
  }

  /** Starts a requested write if the chain is idle or the batch is large enough. */
  poke(): void {
    if (!this.#next || this.#running) return;
    if (this.#modules.isIdle() || this.#modules.pendingBytes() >= BATCH_BYTES) this.#start();
  }

  /** Starts a write at `BATCH_BYTES` pending; waits for it at `MAX_PENDING_BYTES`. */
  async throttle(): Promise<void> {
    const pending = this.#modules.pendingBytes();
    if (pending < BATCH_BYTES) return;
    if (!this.#running) this.requestInBackground();
    if (pending >= MAX_PENDING_BYTES) await this.#running;
  }

  #start(): void {
    const served = this.#next!;
    this.#next = undefined;
    this.#running = this.#modules
      .flush()
      .then(
        () => served.resolve(),
        (error: unknown) => {
          served.reject(error);
          this.#modules.onFailure(error);
        },
      )
      .then(() => {
        this.#running = undefined;
        this.poke();
      });
  }
}
