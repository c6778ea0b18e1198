import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { workerUrl } from '../../platform/worker-url.ts';
import type { SharedChunks } from './shared-chunks.ts';

/** Workers with nothing to do for this long end, as each takes memory and most nodes seldom need one. */
const IDLE_MS = 30_000;

interface Thread {
  readonly worker: Worker;
  isReady: boolean;
  /** Called when it has done with its first work, its second, and so on; all of them when it ends. */
  readonly replies: (() => void)[];
}

/** Threads that run scripts. They are started when first needed. */
export class ScriptWorkers {
  readonly #count: number;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #threads: Thread[] = [];
  #idle: Timer | undefined;
  /** They cannot be had here, or one of them has failed. */
  #unusable: boolean;

  constructor(count: number, clock: Clock, logger: Logger) {
    this.#count = count;
    this.#clock = clock;
    this.#logger = logger;
    this.#unusable = count === 0 || !existsSync(workerUrl('script-worker', import.meta.url));
  }

  get isUsable(): boolean {
    return !this.#unusable;
  }

  /**
   * Lets the workers take part in the work, after what they were given before. Resolves when none of them will take
   * more of it. Those that have yet to start are there for later work.
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
      this.#logger.error({ err: error }, 'a script verification thread has failed; verifying without');
    });
    worker.on('exit', () => {
      this.#threads = this.#threads.filter((other) => other !== thread);
      for (const reply of thread.replies.splice(0)) reply();
    });
    this.#threads.push(thread);
  }

  async close(): Promise<void> {
    this.#idle?.cancel();
    const threads = this.#threads;
    this.#threads = [];
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }
}
