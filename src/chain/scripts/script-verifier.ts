import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { atOnce, ITEMS_PER_STEP } from '../../platform/slices.ts';
import { processorCount } from '../../platform/threads.ts';
import { SignatureCache } from '../../script/signature-cache.ts';
import { ScriptCache } from './script-cache.ts';
import { type FailedCheck, type ScriptCheck, splitIntoChunksInSteps, verifyChecks } from './script-check.ts';
import { ScriptQueue } from './script-queue.ts';
import { ScriptRun } from './script-run.ts';
import { ScriptWorkers } from './script-workers.ts';
import { shareChunksInSteps } from './shared-chunks.ts';

/** Estimated microseconds from which sharing the work with other threads is faster than one thread. */
const MIN_SHARED_US = 8_000;
/** Worker threads at most: the main thread cannot prepare work for more (Core: MAX_SCRIPTCHECK_THREADS). */
const MAX_THREADS = 15;

/** Settings of a `ScriptVerifier`. */
export interface ScriptVerifierOptions {
  /**
   * Worker threads for blocks in addition to this one; default: one per processor, less one. Half as many, rounded up,
   * verify costly transactions.
   */
  readonly threads?: number | undefined;
  /** Default: a new one. */
  readonly signatures?: SignatureCache | undefined;
}

/** Verifies the scripts of blocks and of costly transactions, except those of transactions in its cache. */
export class ScriptVerifier {
  /** Transactions whose scripts are valid or invalid. */
  readonly cache = new ScriptCache();
  /** Valid signatures, also of transactions that are not in `cache`. */
  readonly signatures: SignatureCache;
  /** Verifies costly transactions. */
  readonly queue: ScriptQueue;
  readonly #clock: Clock;
  readonly #blockWorkers: ScriptWorkers;
  readonly #transactionWorkers: ScriptWorkers;

  constructor({ threads, signatures = new SignatureCache() }: ScriptVerifierOptions, clock: Clock, logger: Logger) {
    this.signatures = signatures;
    const count = Math.min(threads ?? processorCount() - 1, MAX_THREADS);
    this.#clock = clock;
    this.#blockWorkers = new ScriptWorkers(count, clock, logger);
    this.#transactionWorkers = new ScriptWorkers(Math.ceil(count / 2), clock, logger);
    const { cache } = this;
    this.queue = new ScriptQueue({ workers: this.#transactionWorkers, cache, signatures, clock });
  }

  /** Verifies on this thread; returns the first failure. */
  verifySync(checks: readonly ScriptCheck[], flags: number): FailedCheck | undefined {
    return verifyChecks(atOnce(this.#uncached(checks, flags)), flags, this.signatures.reader);
  }

  /** Starts the worker threads if there is enough work for them; this thread takes part in `ScriptRun.result`. */
  start(checks: readonly ScriptCheck[], flags: number): ScriptRun {
    return atOnce(this.startInSteps(checks, flags));
  }

  /** Does what `start` does, in steps. */
  *startInSteps(checks: readonly ScriptCheck[], flags: number): Generator<void, ScriptRun> {
    const uncached = yield* this.#uncached(checks, flags);
    const chunks = yield* splitIntoChunksInSteps(uncached);
    let cost = 0;
    for (const chunk of chunks) cost += chunk.cost;
    const isShared = cost >= MIN_SHARED_US && this.#blockWorkers.isUsable;
    return new ScriptRun(uncached, chunks, flags, {
      ...(isShared && { workers: this.#blockWorkers, shared: yield* shareChunksInSteps(uncached, chunks, flags) }),
      spareWorkers: this.#transactionWorkers,
      signatures: this.signatures.reader,
      clock: this.#clock,
    });
  }

  *#uncached(checks: readonly ScriptCheck[], flags: number): Generator<void, readonly ScriptCheck[]> {
    const uncached: ScriptCheck[] = [];
    let i = 0;
    for (const check of checks) {
      if (!this.cache.has(check.tx, flags)) uncached.push(check);
      if (i++ % ITEMS_PER_STEP === 0) yield;
    }
    return uncached;
  }

  /** Ends the worker threads. */
  async close(): Promise<void> {
    this.queue.close();
    await Promise.all([this.#blockWorkers.close(), this.#transactionWorkers.close()]);
  }
}
