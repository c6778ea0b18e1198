import { availableParallelism } from 'node:os';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { SignatureCache } from '../../script/signature-cache.ts';
import { ScriptCache } from './script-cache.ts';
import { type FailedCheck, type ScriptCheck, splitIntoChunks, verifyRanges, wholeRange } from './script-check.ts';
import { ScriptRun } from './script-run.ts';
import { ScriptWorkers } from './script-workers.ts';

/** Below this many chunks the way to another thread takes longer than the work. */
const MIN_SHARED_CHUNKS = 4;
/** More threads than this are no use: one thread has to prepare the work of all (Core: MAX_SCRIPTCHECK_THREADS). */
const MAX_THREADS = 15;

export interface ScriptVerifierOptions {
  /** Threads beside this one; default: as many as the machine has processors to spare. */
  readonly threads?: number | undefined;
}

/** Runs the scripts of whole blocks, leaving out those that have been found valid before. */
export class ScriptVerifier {
  readonly cache = new ScriptCache();
  /** Right signatures, of transactions that no longer are in `cache`, or never were as a whole. */
  readonly signatures = new SignatureCache();
  readonly #workers: ScriptWorkers;

  constructor({ threads }: ScriptVerifierOptions, clock: Clock, logger: Logger) {
    const count = Math.min(threads ?? availableParallelism() - 1, MAX_THREADS);
    this.#workers = new ScriptWorkers(count, clock, logger);
  }

  /** The first script that fails, or undefined. */
  verifySync(checks: readonly ScriptCheck[], flags: number): FailedCheck | undefined {
    return verifyRanges(this.#unknown(checks, flags).map(wholeRange), flags, this.signatures.reader);
  }

  /** Lets the threads begin, where there is much to do; this one takes part when the result is asked for. */
  start(checks: readonly ScriptCheck[], flags: number): ScriptRun {
    const chunks = splitIntoChunks(this.#unknown(checks, flags));
    const isShared = chunks.length >= MIN_SHARED_CHUNKS && this.#workers.isUsable;
    return new ScriptRun(chunks, flags, this.signatures.reader, isShared ? this.#workers : undefined);
  }

  #unknown(checks: readonly ScriptCheck[], flags: number): readonly ScriptCheck[] {
    return checks.filter(({ tx }) => !this.cache.has(tx, flags));
  }

  close(): Promise<void> {
    return this.#workers.close();
  }
}
