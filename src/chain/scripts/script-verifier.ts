import { availableParallelism } from 'node:os';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { SignatureCache } from '../../script/signature-cache.ts';
import { ScriptCache } from './script-cache.ts';
import { type FailedCheck, type ScriptCheck, splitIntoChunks, verifyRanges, wholeRange } from './script-check.ts';
import { ScriptRun } from './script-run.ts';
import { ScriptWorkers } from './script-workers.ts';

/** Chunks from which sharing the work with other threads is faster than one thread. */
const MIN_SHARED_CHUNKS = 4;
/** Worker threads at most: the main thread cannot prepare work for more (Core: MAX_SCRIPTCHECK_THREADS). */
const MAX_THREADS = 15;

/** Settings of a `ScriptVerifier`. */
export interface ScriptVerifierOptions {
  /** Worker threads in addition to this one; default: one per processor, less one. */
  readonly threads?: number | undefined;
}

/** Verifies the scripts of blocks, except those of transactions in its cache. */
export class ScriptVerifier {
  /** Transactions whose scripts are valid. */
  readonly cache = new ScriptCache();
  /** Valid signatures, also of transactions that are not in `cache`. */
  readonly signatures = new SignatureCache();
  readonly #workers: ScriptWorkers;

  constructor({ threads }: ScriptVerifierOptions, clock: Clock, logger: Logger) {
    const count = Math.min(threads ?? availableParallelism() - 1, MAX_THREADS);
    this.#workers = new ScriptWorkers(count, clock, logger);
  }

  /** Verifies on this thread; returns the first failure. */
  verifySync(checks: readonly ScriptCheck[], flags: number): FailedCheck | undefined {
    return verifyRanges(this.#uncached(checks, flags).map(wholeRange), flags, this.signatures.reader);
  }

  /** Starts the worker threads if there is enough work for them; this thread takes part in `ScriptRun.result`. */
  start(checks: readonly ScriptCheck[], flags: number): ScriptRun {
    const chunks = splitIntoChunks(this.#uncached(checks, flags));
    const isShared = chunks.length >= MIN_SHARED_CHUNKS && this.#workers.isUsable;
    return new ScriptRun(chunks, flags, this.signatures.reader, isShared ? this.#workers : undefined);
  }

  #uncached(checks: readonly ScriptCheck[], flags: number): readonly ScriptCheck[] {
    return checks.filter(({ tx }) => !this.cache.has(tx, flags));
  }

  /** Ends the worker threads. */
  close(): Promise<void> {
    return this.#workers.close();
  }
}
