import type { Clock } from '../../platform/clock.ts';
import { TimeSlices } from '../../platform/time-slices.ts';
import type { SignatureVerifier } from '../../script/signature-cache.ts';
import { type FailedCheck, RangeVerifier, type ScriptCheck, type ScriptChunk } from './script-check.ts';
import type { ScriptWorkers } from './script-workers.ts';
import {
  ChunkState,
  cancelChunks,
  chunkCount,
  chunkFailure,
  chunkLimit,
  chunkState,
  isComplete,
  type SharedChunks,
  spentMs,
  take,
  verifyChunk,
} from './shared-chunks.ts';

/** Estimated microseconds of a chunk above which the main thread leaves it to the workers. */
const MAX_MAIN_US = 4_000;

/** What a `ScriptRun` works with. */
export interface ScriptRunModules {
  /** Absent: the main thread verifies alone. */
  readonly workers?: ScriptWorkers | undefined;
  /** The chunks in shared memory, for the workers. */
  readonly shared?: SharedChunks | undefined;
  /** Helps with chunks that are too costly for the main thread, if it is idle. */
  readonly spareWorkers?: ScriptWorkers | undefined;
  /** The main thread verifies signatures with it. */
  readonly signatures: SignatureVerifier;
  readonly clock: Clock;
  /** Gets the valid signatures that the workers have verified, if they shall return them. */
  readonly onRecords?: ((records: Uint8Array) => void) | undefined;
}

/** How much of the work the main thread takes while there are workers. */
export type MainThreadShare = 'cheap-chunks' | 'nothing';

/**
 * The running script verification of one block or transaction (Core: CCheckQueueControl). The workers begin with the
 * costliest chunks. The main thread begins with the cheapest; it never holds the event loop for longer than one chunk.
 */
export class ScriptRun {
  readonly #checks: readonly ScriptCheck[];
  readonly #chunks: readonly ScriptChunk[];
  readonly #modules: ScriptRunModules;
  readonly #verifier: RangeVerifier;
  readonly #slices: TimeSlices;
  readonly #shared: SharedChunks | undefined;
  readonly #helped: Promise<void> | undefined;
  #isCancelled = false;
  #mainMs = 0;

  /** Without workers, nothing runs before `result` is called. */
  constructor(
    checks: readonly ScriptCheck[],
    chunks: readonly ScriptChunk[],
    flags: number,
    modules: ScriptRunModules,
  ) {
    this.#checks = checks;
    this.#chunks = chunks;
    this.#modules = modules;
    this.#verifier = new RangeVerifier((position) => checks[position]!, flags, modules.signatures);
    this.#slices = new TimeSlices(modules.clock);
    const { workers, shared, onRecords } = modules;
    if (!workers || !shared) return;
    this.#shared = shared;
    this.#helped = workers.help(shared, 'ready-only', onRecords);
  }

  /** Milliseconds that all threads have spent. */
  get ms(): number {
    return this.#mainMs + (this.#shared ? spentMs(this.#shared) : 0);
  }

  /** Returns the first script failure. */
  async result(share: MainThreadShare = 'cheap-chunks'): Promise<FailedCheck | undefined> {
    const shared = this.#shared;
    if (!shared) return this.#verifyAlone();
    const { workers, spareWorkers, onRecords } = this.#modules;
    if (share === 'cheap-chunks') await this.#takeCheap(shared);
    const helpedMore =
      spareWorkers?.isUsable && this.#isLeft(shared) ? spareWorkers.help(shared, 'await-start') : undefined;
    await this.#helped;
    // No worker was ready.
    if (this.#isLeft(shared) && workers!.isUsable) await workers!.help(shared, 'await-start', onRecords);
    if (!isComplete(shared)) await helpedMore;
    return this.#collect(shared);
  }

  /** Stops the verification; `result` must not be called. */
  cancel(): void {
    this.#isCancelled = true;
    if (this.#shared) cancelChunks(this.#shared);
  }

  async #takeCheap(shared: SharedChunks): Promise<void> {
    for (let at = chunkCount(shared) - 1; at >= 0; at--) {
      const chunk = shared.order[at]!;
      if (this.#chunks[chunk]!.cost > MAX_MAIN_US) return;
      if (!take(shared, chunk)) continue;
      verifyChunk(shared, chunk, this.#verifier);
      await this.#slices.turn();
    }
  }

  #isLeft(shared: SharedChunks): boolean {
    const end = Math.min(chunkLimit(shared), chunkCount(shared));
    for (let chunk = 0; chunk < end; chunk++) if (chunkState(shared, chunk) === ChunkState.OPEN) return true;
    return false;
  }

  async #collect(shared: SharedChunks): Promise<FailedCheck | undefined> {
    for (const chunk of this.#chunks.keys()) {
      const state = chunkState(shared, chunk);
      if (state === ChunkState.VALID) continue;
      if (state === ChunkState.INVALID) {
        const { position, inputIndex, error } = chunkFailure(shared, chunk);
        return { check: this.#checks[position]!, inputIndex, error };
      }
      // The worker that took it has exited, or none could be started.
      const failure = await this.#verify(this.#chunks[chunk]!);
      if (failure) return failure;
    }
    return undefined;
  }

  async #verifyAlone(): Promise<FailedCheck | undefined> {
    for (const chunk of this.#chunks) {
      const failure = await this.#verify(chunk);
      if (failure) return failure;
    }
    return undefined;
  }

  /** Verifies a chunk on this thread, input by input in slices of time. */
  async #verify({ ranges }: ScriptChunk): Promise<FailedCheck | undefined> {
    for (const { position, first, end } of ranges) {
      for (let inputIndex = first; inputIndex < end && !this.#isCancelled; inputIndex++) {
        if (this.#slices.isOver) await this.#slices.turn();
        const before = this.#modules.clock.monotonic();
        const error = this.#verifier.verifyInput(position, inputIndex);
        this.#mainMs += this.#modules.clock.monotonic() - before;
        if (error) return { check: this.#checks[position]!, inputIndex, error };
      }
    }
    return undefined;
  }
}
