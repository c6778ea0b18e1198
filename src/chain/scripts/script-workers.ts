import type { Clock, Timer } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { canStartThread, startThread, type Thread } from '../../platform/threads.ts';
import { workerUrl } from '../../platform/worker-url.ts';
import { isComplete, type SharedChunks } from './shared-chunks.ts';

/** Milliseconds after which idle workers are terminated, to free their memory. */
const IDLE_MS = 30_000;

/** A job that a thread has not finished. */
interface Job {
  readonly work: SharedChunks;
  /** The thread takes no further chunk of it. */
  done(records: Uint8Array | undefined): void;
}

interface ScriptThread {
  readonly worker: Thread;
  isReady: boolean;
  /** Jobs in progress, oldest first. All are done when the worker exits. */
  readonly jobs: Job[];
}

/** Whether a job waits for workers that are still starting, if none is ready. */
export type StartPolicy = 'ready-only' | 'await-start';

/** Script verification threads (Core: CCheckQueue), started on first use. */
export class ScriptWorkers {
  /** Threads at most. */
  readonly count: number;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #threads: ScriptThread[] = [];
  #idle: Timer | undefined;
  #running = 0;
  /** No threads are configured, the platform or the worker script is missing, or a worker has failed. */
  #unusable: boolean;

  constructor(count: number, clock: Clock, logger: Logger) {
    this.count = count;
    this.#clock = clock;
    this.#logger = logger;
    this.#unusable = count === 0 || !canStartThread(workerUrl('script-worker', import.meta.url));
  }

  /** Whether `help` can be called. */
  get isUsable(): boolean {
    return !this.#unusable;
  }

  /**
   * Shares a job with the workers; they finish earlier jobs first. Resolves when all its chunks have results, or when no
   * worker will take further chunks of it. With 'ready-only', workers that are still starting take part in later jobs.
   * `onRecords` gets the signatures that the workers have recorded.
   */
  async help(work: SharedChunks, start: StartPolicy, onRecords?: (records: Uint8Array) => void): Promise<void> {
    this.#idle?.cancel();
    this.#running++;
    while (this.isUsable && this.#threads.length < this.count) this.#start();
    const ready = this.#threads.filter(({ isReady }) => isReady);
    const threads = ready.length === 0 && start === 'await-start' ? this.#threads : ready;
    await new Promise<void>((resolve) => {
      let left = threads.length;
      if (left === 0) resolve();
      const done = (records: Uint8Array | undefined) => {
        if (records && records.length > 0) onRecords?.(records);
        if (--left === 0 || isComplete(work)) resolve();
      };
      for (const { worker, jobs } of threads) {
        jobs.push({ work, done });
        worker.postMessage(work);
      }
    });
    this.#running--;
    this.#idle?.cancel();
    if (this.#running === 0) this.#idle = this.#clock.after(IDLE_MS, () => void this.close());
  }

  #start(): void {
    const worker = startThread(workerUrl('script-worker', import.meta.url));
    const thread: ScriptThread = { worker, isReady: false, jobs: [] };
    worker.unref();
    worker.on('message', (records: Uint8Array | undefined) => {
      if (thread.isReady) thread.jobs.shift()?.done(records);
      thread.isReady = true;
    });
    worker.on('error', (error) => {
      this.#unusable = true;
      this.#logger.error({ err: error }, 'script verification thread failed; verifying on the main thread');
    });
    worker.on('exit', () => {
      this.#threads = this.#threads.filter((other) => other !== thread);
      for (const { done } of thread.jobs.splice(0)) done(undefined);
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
