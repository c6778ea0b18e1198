import { availableParallelism } from 'node:os';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { ScriptCache } from './script-cache.ts';
import { type InputRange, type ScriptCheck, type ScriptFailure, verifyRanges, wholeRange } from './script-check.ts';
import { ScriptWorkers, type SharedWork } from './script-workers.ts';

/** Inputs that are handed over at once: some milliseconds of work. */
const CHUNK_INPUTS = 64;
/** Below this many inputs the way to another thread takes longer than the work. */
const MIN_PARALLEL_INPUTS = 3 * CHUNK_INPUTS;
/** More threads than this are no use: one thread has to prepare the work of all (Core: MAX_SCRIPTCHECK_THREADS). */
const MAX_THREADS = 15;

export interface ScriptVerifierOptions {
  /** Threads beside this one; default: as many as the machine has processors to spare. */
  readonly threads?: number | undefined;
}

/** A script that fails, and the transaction that it belongs to. */
export interface FailedCheck extends ScriptFailure {
  readonly check: ScriptCheck;
}

/** Runs the scripts of whole blocks, leaving out those that have been found valid before. */
export class ScriptVerifier {
  readonly cache = new ScriptCache();
  readonly #workers: ScriptWorkers;

  constructor({ threads }: ScriptVerifierOptions, clock: Clock, logger: Logger) {
    const count = Math.min(threads ?? availableParallelism() - 1, MAX_THREADS);
    this.#workers = new ScriptWorkers(count, clock, logger);
  }

  /** The first script that fails, or undefined. */
  verifySync(checks: readonly ScriptCheck[], flags: number): FailedCheck | undefined {
    return this.#verifyHere(this.#unknown(checks, flags), flags);
  }

  /** The first script that fails, or undefined; this thread and others share the work where there is much. */
  async verify(checks: readonly ScriptCheck[], flags: number): Promise<FailedCheck | undefined> {
    const unknown = this.#unknown(checks, flags);
    let inputs = 0;
    for (const { tx } of unknown) inputs += tx.inputs.length;
    if (inputs < MIN_PARALLEL_INPUTS || !this.#workers.isUsable) return this.#verifyHere(unknown, flags);
    return this.#share(unknown, flags);
  }

  #unknown(checks: readonly ScriptCheck[], flags: number): readonly ScriptCheck[] {
    return checks.filter(({ tx }) => !this.cache.has(tx, flags));
  }

  #verifyHere(checks: readonly ScriptCheck[], flags: number): FailedCheck | undefined {
    const failure = verifyRanges(checks.map(wholeRange), flags);
    return failure && { ...failure, check: checks[failure.position]! };
  }

  async #share(checks: readonly ScriptCheck[], flags: number): Promise<FailedCheck | undefined> {
    const chunks = split(checks);
    /** Chunks that a thread has taken and lost. */
    const returned: number[] = [];
    let nextChunk = 0;
    let firstFailure: { readonly chunk: number; readonly failure: ScriptFailure } | undefined;
    const work: SharedWork = {
      flags,
      next: () => {
        const chunk = returned.pop() ?? nextChunk++;
        // Chunks are taken in order: once one has failed, all before it are done or being done.
        if (chunk >= chunks.length || (firstFailure && chunk > firstFailure.chunk)) return undefined;
        return {
          ranges: chunks[chunk]!,
          done: (failure) => {
            if (failure && (!firstFailure || chunk < firstFailure.chunk)) firstFailure = { chunk, failure };
          },
          lost: () => returned.push(chunk),
        };
      },
    };
    const helped = this.#workers.help(work);
    await runHere(work);
    await helped;
    // What was lost after this thread had come to its end.
    await runHere(work);
    if (!firstFailure) return undefined;
    const { chunk, failure } = firstFailure;
    return { ...failure, check: chunks[chunk]![failure.position]! };
  }

  close(): Promise<void> {
    return this.#workers.close();
  }
}

/** Takes part in the work until none is left, with turns for everything else in between. */
async function runHere(work: SharedWork): Promise<void> {
  for (let item = work.next(); item; item = work.next()) {
    item.done(verifyRanges(item.ranges, work.flags));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Ranges of inputs in chunks of about the same size, in the order of the inputs. */
function split(checks: readonly ScriptCheck[]): InputRange[][] {
  const chunks: InputRange[][] = [];
  let chunk: InputRange[] = [];
  let room = CHUNK_INPUTS;
  for (const check of checks) {
    const count = check.tx.inputs.length;
    for (let first = 0; first < count; ) {
      const end = Math.min(first + room, count);
      chunk.push({ ...check, first, end });
      room -= end - first;
      first = end;
      if (room > 0) continue;
      chunks.push(chunk);
      chunk = [];
      room = CHUNK_INPUTS;
    }
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}
