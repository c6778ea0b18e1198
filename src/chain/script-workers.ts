import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { workerUrl } from '../platform/worker-url.ts';
import { encodeRanges, type InputRange } from './script-check.ts';
import type { ScriptJob, ScriptReply } from './script-worker.ts';

/** Workers with nothing to do for this long end, as each takes memory and most nodes seldom need one. */
const IDLE_MS = 30_000;

interface Thread {
  readonly worker: Worker;
  isReady: boolean;
  reply: ((reply: ScriptReply | 'lost') => void) | undefined;
}

/** A work list that the workers and this thread share: each takes the next item when it has done with its last. */
export interface SharedWork {
  /** The next ranges, undefined if there are none. */
  next(): { readonly ranges: readonly InputRange[]; done(reply: ScriptReply): void; lost(): void } | undefined;
  readonly flags: number;
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
   * Lets the workers take part in the work. Resolves when they have done with what they took and nothing is left. Those
   * that have yet to start are there for later work.
   */
  async help(work: SharedWork): Promise<void> {
    this.#idle?.cancel();
    while (this.isUsable && this.#threads.length < this.#count) this.#start();
    const ready = this.#threads.filter(({ isReady }) => isReady);
    await Promise.all(ready.map((thread) => this.#serve(thread, work)));
    this.#idle = this.#clock.after(IDLE_MS, () => void this.close());
  }

  async #serve(thread: Thread, work: SharedWork): Promise<void> {
    for (let item = work.next(); item; item = work.next()) {
      const reply = await new Promise<ScriptReply | 'lost'>((resolve) => {
        thread.reply = resolve;
        const ranges = encodeRanges(item!.ranges);
        const job: ScriptJob = { ranges, flags: work.flags };
        thread.worker.postMessage(job, [ranges.buffer as ArrayBuffer]);
      });
      thread.reply = undefined;
      if (reply === 'lost') {
        item.lost();
        return;
      }
      item.done(reply);
    }
  }

  #start(): void {
    const worker = new Worker(workerUrl('script-worker', import.meta.url));
    const thread: Thread = { worker, isReady: false, reply: undefined };
    worker.unref();
    worker.on('message', (reply: ScriptReply) => {
      thread.isReady = true;
      thread.reply?.(reply);
    });
    worker.on('error', (error) => {
      this.#unusable = true;
      this.#logger.error({ err: error }, 'a script verification thread has failed; verifying without');
    });
    worker.on('exit', () => {
      this.#threads = this.#threads.filter((other) => other !== thread);
      thread.reply?.('lost');
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
