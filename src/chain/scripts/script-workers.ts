import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { workerUrl } from '../../platform/worker-url.ts';
import type { SharedChunks } from './shared-chunks.ts';

/** Milliseconds after which idle workers are terminated, to free their memory. */
const IDLE_MS = 30_000;

interface Thread {
  readonly worker: Worker;
  isReady: boolean;
  /** One callback for each job in progress, oldest first. All are called when the worker exits. */
  readonly replies: (() => void)[];
}

/** The script verification threads (Core: CCheckQueue), started on first use. */
export class ScriptWorkers {
  readonly #count: number;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #threads: Thread[] = [];
  #idle: Timer | undefined;
  /** No threads are configured, the worker script is missing, or a worker has failed. */
  #unusable: boolean;

  constructor(count: number, clock: Clock, logger: Logger) {
    this.#count = count;
    this.#clock = clock;
    this.#logger = logger;
    this.#unusable = count === 0 || !existsSync(workerUrl('script-worker', import.meta.url));
  }

  /** Whether `help` can be called. */
  get isUsable(): boolean {
    return !this.#unusable;
  }

  /**
   * Shares a job with the workers that are ready; they finish earlier jobs first. Resolves when none of them will take
   * further chunks of it. Workers that are still starting take part in later jobs.
   */
  async help(work: SharedChunks): Promise<void> {
    this.#idle?.cancel();
    while (this.isUsable && this.#threads.length < this.#count) this.#start();
    const ready = this.#threads.filter(({ isReady }) => isReady);
    await Promise.all(
      ready.map(({ worker, replies }) => {
        worker.postMessage(work);
        return new Promise<void>((resolve) => replies.push(resolve));
      }),
    );
    this.#idle?.cancel();
    this.#idle = this.#clock.after(IDLE_MS, () => void this.close());
  }

  #start(): void {
    const worker = new Worker(workerUrl('script-worker', import.meta.url));
    const thread: Thread = { worker, isReady: false, replies: [] };
    worker.unref();
    worker.on('message', () => {
      if (thread.isReady) thread.replies.shift()?.();
      thread.isReady = true;
    });
    worker.on('error', (error) => {
      this.#unusable = true;
      this.#logger.error({ err: error }, 'script verification thread failed; verifying on the main thread');
    });
    worker.on('exit', () => {
      this.#threads = this.#threads.filter((other) => other !== thread);
      for (const reply of thread.replies.splice(0)) reply();
    });
    this.#threads.push(thread);
  }

  /** Terminates all workers. Later calls of `help` start new ones. */
  async close(): Promise<void> {
    this.#idle?.cancel();
    const threads = this.#threads;
    this.#threads = [];
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }
}
